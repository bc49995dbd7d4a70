// Passkeys: a form that asks the browser for a key, and sends what it gives. Without this script the form stays hidden.
"use strict";

const FIELD = "step_up_passkey";

async function answer(form) {
  const options = JSON.parse(form.dataset.options);
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function send(event) {
  const form = event.target;
  event.preventDefault();
  try {
    form.elements[FIELD].value = JSON.stringify(await answer(form));
  } catch {
    form.querySelector("[role=alert]").hidden = false;
    return;
  }
  form.submit();
}

if (window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", send);
  }
}
