function fill(template, values) {
  let text = '';
  for (let at = 0; at < template.length; at += 1) {
    const letter = template[at];
    if ((letter === '{' || letter === '}') && template[at + 1] === letter) {
      text += letter;
      at += 1;
    } else if (letter === '{') {
      const end = template.indexOf('}', at);
      const name = template.slice(at + 1, end);
      if (end < 0 || !Object.hasOwn(values, name)) {
        throw new Error('no value for ' + name);
      }
      text += String(values[name]);
      at = end;
    } else {
      text += letter;
    }
  }
  return text;
}
