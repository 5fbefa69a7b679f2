/** Takes the secret out of the address bar and puts it into the form, so that the form only asks for a name. */

const secret = decodeURIComponent(location.hash.slice(1));
const field = document.getElementById("secret") as HTMLInputElement | null;
if (secret && field) {
  history.replaceState(null, "", location.pathname);
  field.value = secret;
  const place = document.getElementById("secret-field");
  if (place) place.hidden = true;
  // A stage asks nobody's name: the projector goes straight in.
  if (secret.startsWith("stage.")) document.querySelector<HTMLFormElement>("form#enter")?.submit();
  else document.getElementById("name")?.focus();
}

export {};
