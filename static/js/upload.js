// Uploads a list in slices, one after the other. Without this the form sends the file in one piece.

const HEAD_BYTES = 64 * 1024;
const TRIES = 8;
const LONGEST_PAUSE_MS = 30_000;

const form = document.getElementById("upload");
const fileField = document.getElementById("file");
const sendButton = document.getElementById("send");
const bar = document.getElementById("bar");

// The server says no, and to try again would not help.
class Refused extends Error {}

function say(text) {
  document.getElementById("told").textContent = text;
}

function complain(text) {
  const problem = document.createElement("section");
  const title = document.createElement("h2");
  const sentence = document.createElement("p");
  title.textContent = "There is a problem";
  sentence.textContent = text;
  problem.className = "alert err error-summary";
  problem.tabIndex = -1;
  problem.append(title, sentence);
  document.getElementById("summary").replaceChildren(problem);
  problem.focus();
}

const sizeOf = (bytes) =>
    bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

function showProgress(sent, size) {
  const percent = Math.floor((sent / size) * 100);
  bar.value = percent;
  say(`${sizeOf(sent)} of ${sizeOf(size)} (${percent}%)`);
}

// XMLHttpRequest, since fetch does not tell how much has been sent.
function post(url, body, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    if (onSent) request.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Error("The connection broke off.")));
    request.send(body);
  });
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

const isPassing = (status) => status >= 500 || status === 408 || status === 429;

// What is only passing is tried again, after pauses that grow. A slice that is not the next one is
// answered with the one that is.
async function ask(url, body, onSent) {
  for (let tried = 1; ; tried += 1) {
    let trouble = "The connection broke off.";
    try {
      const request = await post(url, body, onSent);
      const answer = answerOf(request);
      if (request.status === 200 || (request.status === 409 && answer.next)) return answer;
      trouble = answer.error || `The server answered with status ${request.status}.`;
      if (!isPassing(request.status)) throw new Refused(trouble);
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    if (tried === TRIES) throw new Refused(`${trouble} Choose Upload to go on where it stands.`);
    say(`${trouble} It is tried again.`);
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tried);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function begin(file) {
  const facts = new FormData();
  facts.append("name", file.name);
  facts.append("size", file.size);
  facts.append("modified", file.lastModified);
  facts.append("head", file.slice(0, HEAD_BYTES), "head");
  return ask(form.dataset.begin, facts);
}

async function upload(file) {
  let stands = await begin(file);
  const sliceBytes = stands.slice_bytes;
  const slices = Math.ceil(file.size / sliceBytes);
  while (stands.next <= slices) {
    const sent = stands.received_bytes;
    showProgress(sent, file.size);
    const start = (stands.next - 1) * sliceBytes;
    const bytes = file.slice(start, start + sliceBytes);
    const slice = new Blob([bytes], { type: "application/octet-stream" });
    const before = stands.next;
    stands = await ask(`${stands.slices_url}${before}/`, slice, (loaded) => {
      showProgress(Math.min(sent + loaded, file.size), file.size);
    });
    if (stands.error && stands.next === before) throw new Refused(stands.error);
  }
  showProgress(file.size, file.size);
  say("Stored. What the list says is looked at now.");
  location.assign((await ask(stands.finish_url, new FormData())).go);
}

async function onSubmit(event) {
  event.preventDefault();
  const [file] = fileField.files;
  if (!file) {
    complain("Choose a file.");
    return;
  }
  document.getElementById("summary").replaceChildren();
  document.getElementById("progress").hidden = false;
  sendButton.disabled = true;
  try {
    await upload(file);
  } catch (error) {
    complain(error.message);
    say("The upload stands still.");
  } finally {
    sendButton.disabled = false;
  }
}

form?.addEventListener("submit", onSubmit);
