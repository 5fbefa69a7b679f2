/** The printable sheet: one button. */

document.querySelector("#print")?.addEventListener("click", () => window.print());
