"""The pictures of docs/tour.md, made anew from the demo: `python -m tests.tour [name ...]`.

Starts a demo of its own, walks through it with Chromium, and writes docs/tour/<name>.webp. With names,
only these. An address of a demo that runs already may be given as TOUR_URL.
"""

import base64
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import find_chromium
from tests.management.installations import start
from tests.tour.stops import STOPS, Stop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchconsole.settings")

FOLDER = Path(__file__).parents[2] / "docs" / "tour"
SIZE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 860}
PATIENCE_MS = 300_000
QUALITY = 0.7

# Chromium takes PNG and JPEG only, and writes WebP from a canvas: a third of the bytes.
TO_WEBP = """async ([png, quality]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


def main() -> None:
    wanted = sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for stop in STOPS:
            if not wanted or stop.name in wanted:
                take(browser, url, stop)
        browser.close()


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """The address of one."""
    if running := os.environ.get("TOUR_URL"):
        yield running
        return
    with tempfile.TemporaryDirectory() as folder:
        installation = start(Path(folder) / "data", "--demo")
        try:
            yield f"http://127.0.0.1:{installation.port}"
        finally:
            installation.end()


def take(browser: Browser, url: str, stop: Stop) -> None:
    """Each picture has a browser of its own, so that it is the same alone."""
    size = PHONE if stop.phone else SIZE
    scheme = "dark" if stop.dark else "light"
    context = browser.new_context(
        base_url=url, viewport=size, color_scheme=scheme, device_scale_factor=1.25
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    if stop.signed_in:
        sign_in(page)
    stop.walk(page)
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    png = base64.b64encode(page.screenshot(caret="initial")).decode()
    page.goto("about:blank")
    webp = base64.b64decode(page.evaluate(TO_WEBP, [png, QUALITY]))
    (FOLDER / f"{stop.name}.webp").write_bytes(webp)
    sys.stdout.write(f"{stop.name}.webp {len(webp) // 1024} kB\n")
    sys.stdout.flush()
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Email").fill("admin@example.com")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


main()
