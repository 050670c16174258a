// Light or dark: as the system has it, unless the user says otherwise on this device.

export type Scheme = "auto" | "light" | "dark";

const KEPT = "musclemap.scheme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function scheme(): Scheme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export function choose(wanted: Scheme): void {
  if (wanted === "auto") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, wanted);
  show();
}

function show(): void {
  const wanted = scheme();
  document.documentElement.dataset["scheme"] = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
}

/** Shows it from now on. */
export function follow(): void {
  dark.addEventListener("change", show);
  show();
}
