/** Controls, line separators and the invisible marks that reorder text: none may reach a terminal or a log line. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const secretQueryKey = /token|secret|passw|credential|auth|jwt|sig|key/i;
const jsonWebToken = /eyJ[\w-]{6,}(?:\.[\w-]*)*/g;
/** A shorter secret would be found inside ordinary words, and hiding it would only spoil the sentence. */
const minSecretChars = 6;
/** An echo may have been cut: this much of a secret's beginning is taken for the secret. */
const secretPrefixChars = 8;

/** Fits text from outside into one line of a message: nothing unprintable, at most `maxChars` characters. */
export function cleanText(text: string, maxChars: number): string {
  const characters = [...text.toWellFormed().replace(unprintable, ' ').trim()];
  return characters.length <= maxChars
    ? characters.join('')
    : `${characters.slice(0, maxChars - 1).join('')}…`;
}

/** Takes `secret`, and anything shaped like a JSON Web Token, out of text that a server may have echoed. */
export function withoutSecret(text: string, secret: string | undefined): string {
  const withoutTokens = text.replace(jsonWebToken, '[secret]');
  if (secret === undefined || secret.length < minSecretChars) return withoutTokens;
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  const lengthAt = (at: number) => Math.max(...forms.map((form) => matchChars(withoutTokens, at, form)));
  let shown = '';
  let from = 0;
  for (let at = 0; at < withoutTokens.length; at += 1) {
    const hiddenChars = lengthAt(at);
    if (hiddenChars === 0) continue;
    shown += `${withoutTokens.slice(from, at)}[secret]`;
    from = at + hiddenChars;
    at = from - 1;
  }
  return shown + withoutTokens.slice(from);
}

/** How much of `form` stands at this place; 0 when it is too little to be more than chance. */
function matchChars(text: string, at: number, form: string): number {
  let same = 0;
  while (same < form.length && text[at + same] === form[same]) same += 1;
  return same >= Math.min(secretPrefixChars, form.length) ? same : 0;
}

/** A request path for a message: values of query parameters that are named like secrets are left out. */
export function shownPath(path: string): string {
  const [route = '', query] = path.split(/\?(.*)/s, 2);
  if (query === undefined) return cleanText(withoutSecret(route, undefined), 200);
  const parameters = query.split('&').map((parameter) => {
    const [key = ''] = parameter.split('=', 1);
    return secretQueryKey.test(key) ? `${key}=[secret]` : parameter;
  });
  return cleanText(withoutSecret(`${route}?${parameters.join('&')}`, undefined), 200);
}
