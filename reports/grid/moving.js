// Moving about with keys: one cell is in the order of tabs, and arrows move from there.

const here = { row: rows[0], column: 0 };
const buttonOf = ({ row, column }) => row.element?.cells[column + 1].firstElementChild;

function stand(row, column, focus = false) {
  const before = here.row && buttonOf(here);
  if (before) before.tabIndex = -1;
  if (!row) return;
  build(row.section);
  Object.assign(here, { row, column });
  const button = buttonOf(here);
  if (row.cells[column]) button.tabIndex = 0;
  else if (focus) button.parentElement.tabIndex = -1;
  if (focus) (row.cells[column] ? button : button.parentElement).focus();
}

const reachable = (row) => row.shown && !row.section.closed;

// The row so many steps up or down, among those that are to be seen and fit.
function nextRow(row, step, times = 1, fits = () => true) {
  let last = row;
  for (let place = row.number + step; times && rows[place]; place += step) {
    if (reachable(rows[place]) && fits(rows[place])) [last, times] = [rows[place], times - 1];
  }
  return last;
}

const MOVES = {
  ArrowUp: ({ row, column }) => [nextRow(row, -1), column],
  ArrowDown: ({ row, column }) => [nextRow(row, 1), column],
  PageUp: ({ row, column }) => [nextRow(row, -1, 10), column],
  PageDown: ({ row, column }) => [nextRow(row, 1, 10), column],
  ArrowLeft: ({ row, column }) => [row, Math.max(column - 1, 0)],
  ArrowRight: ({ row, column }) => [row, Math.min(column + 1, columns.length - 1)],
  Home: ({ row }) => [row, 0],
  End: ({ row }) => [row, columns.length - 1],
};

function moved(event) {
  const cell = event.target.closest("tbody td");
  if (!cell || event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(MOVES, event.key)) return;
  event.preventDefault();
  stand(...MOVES[event.key](placeOf(cell)), true);
}

const placeOf = (cell) => ({ row: rows[cell.parentElement.dataset.row], column: cell.cellIndex - 1 });
