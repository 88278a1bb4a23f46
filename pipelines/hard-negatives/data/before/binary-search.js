function insertAt(sorted, value) {
  return sorted.indexOf(value);
}
