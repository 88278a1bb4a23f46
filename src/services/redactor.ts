/** Finds known secret values in text, plain or in the encodings in which they leak, and replaces them by their names. */

/** Shorter values occur in innocent text; replacing them would garble it and prove nothing. */
const SHORTEST = 6;

export class Redactor {
  /** Every form of every value, and the name that stands for it. */
  readonly #forms = new Map<string, string>();
  #pattern: RegExp | null = null;
  #longest = 0;

  add(name: string, value: string): void {
    if (value.length < SHORTEST || this.#forms.has(value)) return;
    for (const form of encodedForms(value)) {
      if (form.length < SHORTEST || this.#forms.has(form)) continue;
      this.#forms.set(form, name);
      this.#longest = Math.max(this.#longest, form.length);
    }
    // Longest first: a value that begins another must not leave the other's end behind.
    const forms = [...this.#forms.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(forms.map(escapeForRegExp).join('|'), 'g');
  }

  redact(text: string): string {
    if (this.#pattern === null) return text;
    return text.replace(this.#pattern, (form) => `[secret ${this.#forms.get(form) ?? ''}]`);
  }

  stream(): { push(piece: string): string; end(): string } {
    let held = '';
    return {
      push: (piece) => {
        const text = held + piece;
        const cut = this.#safeLength(text);
        held = text.slice(cut);
        return this.redact(text.slice(0, cut));
      },
      end: () => {
        const rest = this.redact(held);
        held = '';
        return rest;
      },
    };
  }

  /** How much of a text can be judged before the next piece is known: up to where a form may have begun. */
  #safeLength(text: string): number {
    if (this.#pattern === null) return text.length;
    let cut = text.length;
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at++) {
      if (!this.#mayBegin(text.slice(at))) continue;
      cut = at;
      break;
    }
    // A whole form that reaches over the cut would be torn: it is held back as well.
    for (const match of text.matchAll(this.#pattern)) {
      if (match.index < cut && match.index + match[0].length > cut) return match.index;
    }
    return cut;
  }

  #mayBegin(end: string): boolean {
    for (const form of this.#forms.keys()) if (form.length > end.length && form.startsWith(end)) return true;
    return false;
  }
}

function encodedForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value.toWellFormed());
  const hex = Buffer.from(value).toString('hex');
  return [
    value,
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase()),
    new URLSearchParams([['', value]]).toString().slice(1),
    hex,
    hex.toUpperCase(),
    byUnit(value, (unit) => `\\u${unit.toString(16).padStart(4, '0')}`),
    byUnit(value, (unit) => `&#${unit};`),
    byUnit(value, (unit) => `&#x${unit.toString(16)};`),
    inHtml(value, '&#39;'),
    inHtml(value, '&#x27;'),
    ...base64Forms(value),
  ];
}

function byUnit(value: string, write: (unit: number) => string): string {
  return Array.from({ length: value.length }, (_, at) => write(value.charCodeAt(at))).join('');
}

function inHtml(value: string, apostrophe: string): string {
  const entities = new Map([
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
    ['"', '&quot;'],
    ["'", apostrophe],
  ]);
  return value.replace(/[&<>"']/g, (character) => entities.get(character) ?? character);
}

/** base64 of a value wherever it stands in a longer text (`user:KEY`): the digits that depend on it alone, at each of the three offsets. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms: string[] = [bytes.toString('base64'), bytes.toString('base64url')];
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    for (const encoding of ['base64', 'base64url'] as const) forms.push(padded.toString(encoding).slice(from, to));
  }
  return forms;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
