function groupBy(rows, field) {
  const groups = {};
  for (const row of rows) {
    const value = row[field];
    const name = value === undefined || value === null ? 'none' : String(value);
    if (!Object.hasOwn(groups, name)) {
      groups[name] = [];
    }
    groups[name].push(row);
  }
  return groups;
}
