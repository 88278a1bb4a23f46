/** Text as a reader sees it, in plain letters: what is looked at to find a disguised verdict, never what is shown. */

/** Cyrillic and Greek letters that look like Latin ones (a part of Unicode's confusables), and quotation marks. */
const LOOKALIKES = new Map<string, string>([
  ...pairs('аᴀαɑ', 'a'),
  ...pairs('вβʙ', 'b'),
  ...pairs('сϲᴄ', 'c'),
  ...pairs('ԁɗ', 'd'),
  ...pairs('еєεё', 'e'),
  ...pairs('ɡ', 'g'),
  ...pairs('һнʜ', 'h'),
  ...pairs('іıɩΙιǀї', 'i'),
  ...pairs('јʝ', 'j'),
  ...pairs('кκᴋ', 'k'),
  ...pairs('ӏʟ', 'l'),
  ...pairs('мᴍ', 'm'),
  ...pairs('пηɴ', 'n'),
  ...pairs('оοσօ', 'o'),
  ...pairs('рρ', 'p'),
  ...pairs('ԛ', 'q'),
  ...pairs('гʀ', 'r'),
  ...pairs('ѕꜱ', 's'),
  ...pairs('тτᴛ', 't'),
  ...pairs('υʋս', 'u'),
  ...pairs('ѵνᴠ', 'v'),
  ...pairs('ԝѡω', 'w'),
  ...pairs('хχ', 'x'),
  ...pairs('уүγʏ', 'y'),
  ...pairs('ᴢ', 'z'),
  ...pairs('“”„‟«»＂″', '"'),
  ...pairs('‘’‚‛′ʼ', "'"),
  ...pairs('：꞉∶', ':'),
]);

function pairs(letters: string, plain: string): [string, string][] {
  return [...letters].map((letter) => [letter, plain]);
}

/** Seen by nobody: format characters (zero width, direction, soft hyphen, tags), marks laid over letters, variation selectors. */
const UNSEEN = /^[\p{Cf}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0]$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether there are any others
const ASCII = /^[\x00-\x7f]*$/;

const known = new Map<string, string>();

/** Lower case, without what cannot be seen, look-alikes replaced. One letter at a time: a long run of marks costs no more than letters. */
export function toPlainLetters(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  let plain = '';
  for (const letter of text) plain += letter <= '\x7f' ? letter.toLowerCase() : plainLetter(letter);
  return plain;
}

function plainLetter(letter: string): string {
  let plain = known.get(letter);
  if (plain === undefined) {
    plain = foldLetter(letter);
    // All of Unicode would be 150,000; hostile text may try.
    if (known.size < 5000) known.set(letter, plain);
  }
  return plain;
}

function foldLetter(letter: string): string {
  if (UNSEEN.test(letter)) return '';
  const lower = letter.toLowerCase();
  const like = LOOKALIKES.get(lower) ?? LOOKALIKES.get(letter);
  if (like !== undefined) return like;
  const apart = [...lower.normalize('NFKD')].filter((each) => !UNSEEN.test(each)).join('');
  return [...apart.toLowerCase()].map((each) => LOOKALIKES.get(each) ?? (/\s/.test(each) ? ' ' : each)).join('');
}
