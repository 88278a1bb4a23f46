/**
 * The page's own script: a table that sorts, filters and turns pages, and the view of one row. It makes elements and sets their
 * text; nothing from the data is ever parsed as markup. Data blocks of details are read when a row of theirs is opened.
 */

export const BLOCK = 100;

export const VIEWER_STYLES = `
.texts { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 12px; margin: 10px 0; }
.texts h4, .part h4 { margin: 0 0 6px; font-size: 13px; color: var(--muted); font-weight: 600; }
.texts .tone-king pre { border-top: 3px solid var(--king); } .texts .tone-challenger pre { border-top: 3px solid var(--challenger); }
.part { margin: 18px 0 0; }
.message { display: grid; grid-template-columns: 84px 1fr; gap: 12px; margin: 8px 0; align-items: start; }
.message .role { color: var(--muted); font-size: 13px; padding-top: 12px; }
.message pre { max-height: 320px; }
.viewer-head { display: flex; gap: 8px; align-items: center; justify-content: space-between; flex-wrap: wrap; }
.viewer-head h3 { margin: 0; overflow-wrap: anywhere; }
.viewer-head div { display: flex; gap: 8px; }
.answers dt { font-weight: 600; margin-top: 12px; } .answers dt:first-child { margin-top: 0; } .answers dd { margin: 2px 0 0; overflow-wrap: anywhere; }
#viewer td { white-space: pre-line; }
#viewer td.short { min-width: 0; white-space: nowrap; overflow-wrap: normal; }
.verdict-candidate { color: var(--challenger); } .verdict-against { color: var(--king); }
`;

export const VIEWER_SCRIPT = `'use strict';
(() => {
  const read = (id) => { const block = document.getElementById(id); return block ? JSON.parse(block.textContent) : null; };
  const index = read('data-rows');
  const place = document.getElementById('row-table');
  const viewer = document.getElementById('viewer');
  if (!index || !place || !viewer) return;
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) if (value !== null && value !== '') element.setAttribute(key, value);
    for (const child of children) element.append(child);
    return element;
  };
  const PAGE = 25;
  const state = { sort: -1, down: false, query: '', filters: new Map(), page: 0, open: -1, order: [] };
  const blocks = new Map();
  const detail = (row) => {
    const block = Math.floor(row / index.block);
    if (!blocks.has(block)) blocks.set(block, read('data-' + block) || []);
    return blocks.get(block)[row % index.block] || null;
  };
  const texts = index.rows.map((row) => row.join('\\n').toLowerCase());
  const compare = (a, b) => {
    const left = index.rows[a][state.sort], right = index.rows[b][state.sort];
    if (left === null || right === null) return left === right ? a - b : left === null ? 1 : -1;
    const way = typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0;
    return (state.down ? -way : way) || a - b;
  };
  const arrange = () => {
    const words = state.query.toLowerCase().split(/\\s+/).filter(Boolean);
    state.order = index.rows.map((_, row) => row).filter((row) =>
      words.every((word) => texts[row].includes(word)) &&
      [...state.filters].every(([column, value]) => String(index.rows[row][column]) === value));
    if (state.sort >= 0) state.order.sort(compare);
    state.page = Math.min(state.page, Math.max(0, Math.ceil(state.order.length / PAGE) - 1));
    draw();
  };
  const search = make('input', { type: 'search', placeholder: 'Filter rows', 'aria-label': 'Filter rows' });
  search.addEventListener('input', () => { state.query = search.value; state.page = 0; arrange(); });
  const toolbar = make('div', { class: 'toolbar' }, search);
  index.columns.forEach((column, at) => {
    if (!column.filter) return;
    const values = [...new Set(index.rows.map((row) => row[at]).filter((value) => value !== null))].sort();
    if (values.length < 2 || values.length > 30) return;
    const select = make('select', { 'aria-label': column.label });
    select.append(make('option', { value: '' }, column.label + ': all'));
    for (const value of values) select.append(make('option', { value: String(value) }, String(value)));
    select.addEventListener('change', () => {
      if (select.value === '') state.filters.delete(at); else state.filters.set(at, select.value);
      state.page = 0;
      arrange();
    });
    toolbar.append(select);
  });
  const back = make('button', { type: 'button' }, 'Back');
  const next = make('button', { type: 'button' }, 'Next');
  const where = make('span', {});
  back.addEventListener('click', () => { state.page--; draw(); });
  next.addEventListener('click', () => { state.page++; draw(); });
  toolbar.append(make('div', { class: 'pages' }, where, back, next));
  const head = make('tr', {});
  index.columns.forEach((column, at) => {
    const cell = make('th', { scope: 'col', class: 'sortable' + (column.number ? ' number' : ''), tabindex: '0' }, column.label);
    const sort = () => {
      state.down = state.sort === at ? !state.down : Boolean(column.number);
      state.sort = at;
      for (const other of head.children) other.removeAttribute('aria-sort');
      cell.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
      arrange();
    };
    cell.addEventListener('click', sort);
    cell.addEventListener('keydown', (event) => { if (event.key === 'Enter') sort(); });
    head.append(cell);
  });
  const body = make('tbody', {});
  place.replaceChildren(toolbar, make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, head), body)));
  const show = (value) => value === null ? '\\u2013' : typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
  const draw = () => {
    const from = state.page * PAGE;
    const shown = state.order.slice(from, from + PAGE);
    body.replaceChildren(...shown.map((row) => {
      const line = make('tr', { class: 'opens' + (row === state.open ? ' is-open' : ''), tabindex: '0' });
      index.columns.forEach((column, at) => line.append(make('td', { class: column.number ? 'number' : '' }, show(index.rows[row][at]))));
      line.addEventListener('click', () => open(row, true));
      line.addEventListener('keydown', (event) => { if (event.key === 'Enter') open(row, true); });
      return line;
    }));
    where.textContent = state.order.length === 0 ? 'no rows' : (from + 1) + '\\u2013' + (from + shown.length) + ' of ' + state.order.length;
    back.disabled = state.page === 0;
    next.disabled = from + PAGE >= state.order.length;
  };
  const part = {
    texts: ({ texts }) => make('div', { class: 'texts' }, ...texts.map(({ label, tone, text }) =>
      make('div', { class: tone ? 'tone-' + tone : '' }, make('h4', {}, label), make('pre', {}, text)))),
    table: ({ label, columns, rows }) => make('div', { class: 'part' }, make('h4', {}, label), make('div', { class: 'scroll' }, make('table', {},
      make('thead', {}, make('tr', {}, ...columns.map((column) => make('th', { scope: 'col' }, column)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell, at) =>
        make('td', { class: (at < row.length - 1 ? 'short ' : '') + (cell === 'candidate' || cell === 'against' ? 'verdict-' + cell : '') }, cell)))))))),
    messages: ({ label, messages }) => make('div', { class: 'part' }, make('h4', {}, label), ...messages.map(({ role, text }) =>
      make('div', { class: 'message' }, make('div', { class: 'role' }, role), make('pre', {}, text)))),
    note: ({ text }) => make('p', { class: 'muted' }, text),
  };
  const step = (by) => {
    const at = state.order.indexOf(state.open) + by;
    if (at >= 0 && at < state.order.length) open(state.order[at], false);
  };
  const open = (row, scroll) => {
    state.open = row;
    const at = state.order.indexOf(row);
    if (at >= 0) state.page = Math.floor(at / PAGE);
    draw();
    const found = detail(row);
    const before = make('button', { type: 'button' }, 'Previous');
    const after = make('button', { type: 'button' }, 'Next');
    before.disabled = at <= 0;
    after.disabled = at < 0 || at >= state.order.length - 1;
    before.addEventListener('click', () => step(-1));
    after.addEventListener('click', () => step(1));
    const title = found ? found.title : String(index.rows[row][0]);
    const parts = found ? found.parts : [{ type: 'note', text: 'The page had no room for the texts of this row.' }];
    const line = index.columns.map((column, at2) => column.label + ' ' + show(index.rows[row][at2])).slice(2).join(' \\u00b7 ');
    viewer.replaceChildren(
      make('div', { class: 'viewer-head' }, make('h3', {}, title), make('div', {}, before, after)),
      make('p', { class: 'muted small' }, line),
      ...parts.map((each) => part[each.type](each)));
    viewer.hidden = false;
    if (scroll) viewer.scrollIntoView({ block: 'start' });
  };
  document.addEventListener('keydown', (event) => {
    if (state.open < 0 || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || '')) return;
    if (event.key === 'ArrowRight') step(1);
    if (event.key === 'ArrowLeft') step(-1);
  });
  arrange();
  if (index.rows.length > 0) open(0, false);
})();
`;
