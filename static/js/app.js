// Everything here is an extra: each page works without it.
const later = (name, run) => document.addEventListener(name, run);
const closest = (event, selector) => event.target.closest?.(selector);
const paused = () => localStorage.getItem("paused") === "yes";
const showPause = () => document.querySelectorAll("[data-pause]").forEach((button) =>
  button.setAttribute("aria-pressed", paused()));
const isLive = (event) => event.detail.requestConfig.elt.matches("[data-live]");

async function openDialog(link) {
  const answer = await fetch(link.href);
  if (document.querySelector("dialog")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html"), body = page.querySelector("[data-dialog-body]");
  if (!answer.ok || !body) return location.assign(link.href);
  const [dialog, title] = ["dialog", "h2"].map((name) => document.createElement(name));
  title.append(...body.querySelector("h1").childNodes);
  title.id = "dialog-title";
  body.querySelector("h1").replaceWith(title);
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(document.adoptNode(body));
  dialog.addEventListener("close", () => { dialog.remove(); document.getElementById(link.id)?.focus(); });
  document.body.append(dialog);
  dialog.showModal();
}

async function copy(button) {
  try { await navigator.clipboard.writeText(button.dataset.copy); } catch {
    return getSelection().selectAllChildren(button.previousElementSibling);
  }
  button.firstChild.data = "Copied";
  setTimeout(() => { button.firstChild.data = "Copy"; }, 2000);
}

later("click", (event) => {
  const find = (selector) => closest(event, selector);
  if (find("[aria-disabled=true]")) event.preventDefault();
  else if (find("a[data-dialog]") && !event.ctrlKey && !event.metaKey) [event.preventDefault(), openDialog(find("a[data-dialog]"))];
  else if (find("dialog [data-close]")) [event.preventDefault(), find("dialog").close()];
  else if (find("[data-copy]")) copy(find("[data-copy]"));
  else if (find("[data-dismiss]")) find(".alert").remove();
  else if (find("[data-pause]")) { localStorage.setItem("paused", paused() ? "no" : "yes"); showPause(); }
  else if (find("[data-show]")) {
    const input = document.getElementById(find("[data-show]").dataset.show);
    input.type = input.type === "password" ? "text" : "password";
    find("[data-show]").setAttribute("aria-pressed", input.type === "text");
  }
  document.querySelectorAll("details.account[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
});
later("change", ({ target }) => {
  if (!target.matches("[data-taste]")) return;
  document.cookie = `${target.id}=${target.value};path=/;max-age=31536000;samesite=lax`;
  document.documentElement.dataset[target.id] = target.value;
});
later("input", ({ target }) => {
  const note = target.dataset.count && document.getElementById(target.dataset.count);
  if (note) note.textContent = `${[...target.value].length} of ${note.dataset.most} characters`;
});
later("htmx:beforeRequest", (event) => isLive(event) && (document.hidden || paused()) && event.preventDefault());
later("htmx:afterRequest", (event) => isLive(event) &&
  document.querySelectorAll("[data-interrupted]").forEach((note) => { note.hidden = event.detail.successful; }));
later("DOMContentLoaded", showPause);
