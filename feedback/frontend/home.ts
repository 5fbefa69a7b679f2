/** The door: a code typed or pasted in any shape becomes six capital letters. */

const LENGTH = 6;
const field = document.querySelector<HTMLInputElement>("#code");

field?.addEventListener("input", () => {
  const tidy = field.value.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "").slice(0, LENGTH);
  if (tidy !== field.value) field.value = tidy;
});
