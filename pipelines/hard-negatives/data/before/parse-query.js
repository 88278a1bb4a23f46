function parseQuery(text) {
  const found = {};
  for (const part of text.split('&')) {
    const [name, value] = part.split('=');
    found[name] = value;
  }
  return found;
}
