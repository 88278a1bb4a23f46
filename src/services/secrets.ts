/** Secrets by name: looked up only when a call needs one, and taken out of everything that is kept or shown. */

import { Failure } from '#contract/failure.ts';
import { type EnvironmentOptions, makeEnvironment } from './environment.ts';
import { Redactor } from './redactor.ts';

export interface SecretResolver {
  /** @throws Failure `secret-missing` that says where it was looked for */
  resolve(name: string): string;
  /** A text with every `${secret.NAME}` replaced by its value. @throws Failure `secret-missing` */
  expand(text: string): string;
  /** Where a secret would come from, without resolving it; null where it is missing. For `doctor` and `check`. */
  locate(name: string): string | null;
  /** Every value resolved so far, in any of its usual encodings, becomes `[secret NAME]`. */
  redact(text: string): string;
  /** The same for text that comes in pieces: a value may lie across two. */
  redactingStream(): RedactingStream;
}

export interface RedactingStream {
  /** What can be shown now; the rest is held back until it is known to be harmless. */
  push(piece: string): string;
  end(): string;
}

export const SECRET_REFERENCE = /\$\{\s*secret\.([A-Za-z_][A-Za-z0-9_]*)\s*\}/g;

export function makeSecrets({ env, files }: EnvironmentOptions): SecretResolver {
  const redactor = new Redactor();
  const { find } = makeEnvironment({ env, files });

  const resolve = (name: string): string => {
    const found = find(name);
    if (found === null) throw missing(name, files);
    redactor.add(name, found.value);
    return found.value;
  };

  return {
    resolve,
    expand: (text) => text.replace(SECRET_REFERENCE, (_, name: string) => resolve(name)),
    locate: (name) => find(name)?.from ?? null,
    redact: (text) => redactor.redact(text),
    redactingStream: () => redactor.stream(),
  };
}

function missing(name: string, files: readonly string[]): Failure {
  const places = ['the environment', ...files].join(', ');
  return new Failure('secret-missing', `there is no secret ${name}; looked in ${places}`, {
    scope: 'endpoint',
    detail: { name },
    hint: `set ${name} in the environment, or write ${name}=… into ${files[0] ?? 'a .env file'}`,
  });
}
