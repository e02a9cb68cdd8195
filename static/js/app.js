// Everything here is an extra: each page works without it.

const COPIED_MS = 2000;
const A_YEAR_S = 365 * 24 * 60 * 60;
const SHORT_TIME = { hour: "2-digit", minute: "2-digit" };

// Dialogs: a link to a page of its own, whose form is shown above the page that one is on.

// Somebody may click twice: the second answer must not open again what was closed meanwhile.
let isDialogOnItsWay = false;

async function openDialog(link) {
  if (isDialogOnItsWay || document.querySelector("dialog")) return;
  isDialogOnItsWay = true;
  try {
    await showDialog(link, await fetch(link.href));
  } finally {
    isDialogOnItsWay = false;
  }
}

async function showDialog(link, answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = page.querySelector("[data-dialog-body]");
  // Signed out, or not allowed any more: the page itself says so.
  if (!answer.ok || !body) {
    location.assign(link.href);
    return;
  }
  const dialog = dialogAround(body);
  dialog.addEventListener("close", () => {
    dialog.remove();
    // By its ID: the link may have been drawn anew by a live region meanwhile.
    document.getElementById(link.id)?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  htmx.process(dialog);
}

function dialogAround(body) {
  const dialog = document.createElement("dialog");
  // The page below has the h1 already.
  const title = document.createElement("h2");
  const heading = body.querySelector("h1");
  title.id = "dialog-title";
  title.append(...heading.childNodes);
  heading.replaceWith(title);
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(document.adoptNode(body));
  return dialog;
}

// What one click does. Each gets the element that was meant and the event.

const CLICKS = {
  "[aria-disabled=true]": (_, event) => event.preventDefault(),
  "a[data-dialog]": followInDialog,
  "dialog [data-close]": closeDialog,
  "[data-copy]": copyText,
  "[data-dismiss]": (button) => button.closest(".alert").remove(),
  "[data-switch]": switchUpdates,
  "[data-show]": toggleSecret,
  "[data-ticks]": tickAll,
};

function onClick(event) {
  // The first that fits: a link that is disabled opens no dialog.
  for (const [selector, act] of Object.entries(CLICKS)) {
    const element = event.target.closest?.(selector);
    if (element) {
      act(element, event);
      break;
    }
  }
  closeMenusExceptAround(event.target);
}

function followInDialog(link, event) {
  // With a modifier it goes to a tab of its own, as everywhere.
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  openDialog(link);
}

function closeDialog(link, event) {
  event.preventDefault();
  link.closest("dialog").close();
}

async function copyText(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // There is no clipboard without https: select the text, so that one key copies it.
    getSelection().selectAllChildren(button.previousElementSibling);
    return;
  }
  const label = button.firstChild;
  label.data = "Copied";
  setTimeout(() => { label.data = "Copy"; }, COPIED_MS);
}

function toggleSecret(button) {
  const input = document.getElementById(button.dataset.show), shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", shown);
}

function tickAll({ dataset, checked }) {
  for (const box of document.querySelectorAll(dataset.ticks)) box.checked = checked;
}

function closeMenusExceptAround(element) {
  const open = [...document.querySelectorAll("details.account[open]")];
  for (const menu of open.filter((one) => !one.contains(element))) menu.open = false;
}

// Forms

// A cookie, so that the next page comes as wanted from the server and does not flicker.
function keepCookie(name, value) {
  document.cookie = `${name}=${value};path=/;max-age=${A_YEAR_S};samesite=lax`;
}

function keepTaste({ target }) {
  if (!target.matches("[data-taste]")) return;
  keepCookie(target.id, target.value);
  document.documentElement.dataset[target.id] = target.value;
}

function keepTimeZone() {
  keepCookie("browser_time_zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
}

function countCharacters({ target }) {
  const note = target.dataset.count && document.getElementById(target.dataset.count);
  if (!note) return;
  // Spread into code points, as the server counts them.
  note.textContent = `${[...target.value].length} of ${note.dataset.most} characters`;
}

// Live regions

// Since when this browser asks for nothing by itself; null while it does.
const offSince = () => localStorage.getItem("updatesOffSince");
const isOfLiveRegion = (event) => event.detail.requestConfig.elt.matches("[data-live]");

function switchUpdates() {
  if (offSince()) localStorage.removeItem("updatesOffSince");
  else localStorage.setItem("updatesOffSince", new Date().toISOString());
  showUpdates();
}

// What the account says counts once, whenever it was changed there; then what was pressed here.
function heedAccount() {
  const wish = document.cookie.match(/(?:^|; )live_updates=(on|off)/)?.[1] ?? "on";
  if (wish === (localStorage.getItem("updatesWish") ?? "on")) return;
  localStorage.setItem("updatesWish", wish);
  if ((wish === "off") !== Boolean(offSince())) switchUpdates();
}

function showUpdates() {
  const note = document.getElementById("live-note");
  if (!note) return;
  // What has ended asks for nothing any more.
  note.hidden = !document.querySelector("[data-live]");
  const since = offSince() && new Date(offSince()).toLocaleTimeString([], SHORT_TIME);
  note.querySelector("[data-updates]").textContent =
    since ? `Live updates off since ${since}` : "Live updates on";
  note.querySelector("[data-switch]").firstChild.data = since ? "Turn on" : "Turn off";
  document.documentElement.toggleAttribute("data-still", Boolean(since));
}

function holdBackWhereNobodyLooks(event) {
  if (isOfLiveRegion(event) && (document.hidden || offSince())) event.preventDefault();
}

function sayWhetherInterrupted(event) {
  if (!isOfLiveRegion(event)) return;
  for (const note of document.querySelectorAll("[data-interrupted]")) {
    note.hidden = event.detail.successful;
  }
  for (const note of document.querySelectorAll("[data-updates]")) {
    note.hidden = !event.detail.successful;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  document.querySelector("[data-find]")?.focus();
});
document.addEventListener("click", onClick);
document.addEventListener("change", keepTaste);
document.addEventListener("input", countCharacters);
document.addEventListener("htmx:beforeRequest", holdBackWhereNobodyLooks);
document.addEventListener("htmx:afterRequest", sayWhetherInterrupted);
document.addEventListener("htmx:afterSettle", showUpdates);
addEventListener("DOMContentLoaded", () => { keepTimeZone(); heedAccount(); showUpdates(); });
