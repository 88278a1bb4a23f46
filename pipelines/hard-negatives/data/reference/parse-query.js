function parseQuery(text) {
  const found = {};
  const query = text.startsWith('?') ? text.slice(1) : text;
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = at < 0 ? part : part.slice(0, at);
    const value = at < 0 ? '' : part.slice(at + 1);
    found[decode(name)] = decode(value);
  }
  return found;
}

function decode(text) {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
