function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values[name]);
}
