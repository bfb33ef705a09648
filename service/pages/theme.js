/** How a page looks: as the system says, or light, dark, or in high contrast by choice. */

const STORE = "paihao-theme";

/** Nothing chosen comes first. */
export const THEMES = ["system", "light", "dark", "contrast"];

/** @returns {string} one of THEMES */
export function themeNow() {
  try {
    const kept = localStorage.getItem(STORE);
    return THEMES.includes(kept) ? kept : "system";
  } catch {
    return "system";
  }
}

/** @param {string} theme one of THEMES */
export function useTheme(theme) {
  try {
    localStorage.setItem(STORE, theme);
  } catch {
    // A browser that keeps nothing for us still shows it.
  }
  apply(theme);
}

function apply(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

apply(themeNow());
