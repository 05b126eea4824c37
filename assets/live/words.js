// The texts of the front end in the reader's language: `_` looks them up in the catalogue of `ganlab/locale/`.
//
// The catalogue is there before other modules are loaded (`LOADER` in ganlab/ui/view.py), or stands in the page of an
// exported recording.

/** @type {{language: string, texts: Record<string, string>}} */
export const spoken = { language: "en", texts: {} };

/**
 * Load the catalogue of a language, once. `beside`: the URL of a file beside the catalogues.
 *
 * @param {string} language
 * @param {string} beside
 */
export async function speak(language, beside) {
  if (language === spoken.language) return;
  const answer = await fetch(new URL(`words-${language}.json`, beside));
  if (!answer.ok) throw new Error(String(answer.status));
  spoken.texts = await answer.json();
  spoken.language = language;
}

/**
 * A text in the reader's language. The text is a literal in English, such as "{count} modes"; `fields`, such
 * as { count: 3 }, are filled in.
 *
 * @param {string} text
 * @param {Record<string, unknown>} [fields]
 */
export function _(text, fields) {
  const said = spoken.texts[text] ?? text;
  return fields ? said.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? String(fields[name]) : whole)) : said;
}

const inside = globalThis.document?.getElementById?.("gl-words")?.textContent;
if (inside) Object.assign(spoken, JSON.parse(inside));
