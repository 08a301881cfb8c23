// Japanese letters: katakana for hiragana, and the marks and small forms of each.

// Each goes to the one behind it, the last to the first.
const TURNS = [
  "かが", "きぎ", "くぐ", "けげ", "こご", "さざ", "しじ", "すず", "せぜ", "そぞ", "ただ", "ちぢ", "つっづ", "てで", "とど",
  "はばぱ", "ひびぴ", "ふぶぷ", "へべぺ", "ほぼぽ", "あぁ", "いぃ", "うぅゔ", "えぇ", "おぉ", "やゃ", "ゆゅ", "よょ", "わゎ",
];
const NEXT = new Map();
for (const turn of TURNS) {
  for (const letters of [turn, toKatakana(turn)]) {
    [...letters].forEach((one, index, all) => NEXT.set(one, all[(index + 1) % all.length]));
  }
}

/** @param {string} letter @returns {string} the next of its forms; itself when it has one only */
export function changedKana(letter) {
  return NEXT.get(letter) ?? letter;
}

/** @param {string} text */
export function toKatakana(text) {
  return text.replace(/[ぁ-ゖ]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0x60));
}
