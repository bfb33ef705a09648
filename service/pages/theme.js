/** The theme of a page: that of the system, or by choice light, dark or high contrast. */

const STORE = "paihao-theme";

/** All themes; the first one is the default. */
export const THEMES = ["system", "light", "dark", "contrast"];

/** The chosen theme. @returns {string} one of THEMES */
export function themeNow() {
  try {
    const stored = localStorage.getItem(STORE);
    return THEMES.includes(stored) ? stored : "system";
  } catch {
    return "system";
  }
}

/** Choose a theme, and remember it. @param {string} theme one of THEMES */
export function useTheme(theme) {
  try {
    localStorage.setItem(STORE, theme);
  } catch {
    // Without storage the theme lasts until the page is left.
  }
  apply(theme);
}

function apply(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

apply(themeNow());
