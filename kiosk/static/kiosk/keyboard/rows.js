// What stands on the keys of a layout, row by row.

import { toKatakana } from "./kana.js";

const SYMBOLS = ["1 2 3 4 5 6 7 8 9 0", "@ # & € - _ + = ( ) /", "\" ' : ; ! ? , . * %"];

/** The rows of characters of a layout in one plane: `letters`, `shift` or `symbols`. */
export function rowsOf(layout, plane, isWide) {
  const marks = new Set(layout.marks.split(" "));
  const split = (rows) => rows.map((row) => row.split(" "));
  if (plane === "symbols") {
    return split(layout.symbols ?? SYMBOLS).map((row) => row.filter((one) => !marks.has(one)));
  }
  const letters = split((isWide && layout.wide) || layout.rows);
  if (plane === "letters") return letters;
  if (layout.shift) return split(layout.shift);
  if (layout.compose === "kana") return letters.map((row) => row.map(toKatakana));
  return letters.map((row) => row.map((one) => capital(one, layout)));
}

function capital(letter, { language, capitals = {} }) {
  const upper = capitals[letter] ?? letter.toLocaleUpperCase(language);
  return [...upper].length === 1 ? upper : letter;
}
