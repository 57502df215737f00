/// What the page can do with JavaScript: sort, filter, unfold, follow one case through the charts.
///
/// Free of `<` and `&`, so that the page is well-formed XML.
enum HTMLScript {
  static let text = """
    'use strict';
    const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));
    const one = selector => document.querySelector(selector);
    for (const tools of all('.tools')) tools.hidden = false;

    // Sorting: figures by value, everything else by text; a second click turns the order round.
    const key = cell => {
      const value = cell.getAttribute('data-v');
      if (value === null) return cell.textContent.trim();
      return value === '' ? -Infinity : value === 'NaN' ? Infinity : Number(value);
    };
    const compare = (a, b) => typeof a === 'number' ? (a === b ? 0 : a > b ? 1 : -1)
      : a.localeCompare(b, 'en', { numeric: true });
    for (const table of all('table.sortable')) {
      const headers = all('tr.sort th', table);
      headers.forEach((header, column) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.append(...header.childNodes);
        header.append(button);
        button.addEventListener('click', () => {
          const first = header.classList.contains('n') ? 'descending' : 'ascending';
          const other = first === 'descending' ? 'ascending' : 'descending';
          const order = header.getAttribute('aria-sort') === first ? other : first;
          for (const each of headers) each.removeAttribute('aria-sort');
          header.setAttribute('aria-sort', order);
          const sign = order === 'ascending' ? 1 : -1;
          const body = table.tBodies[0];
          body.append(...Array.from(body.rows).sort(
            (a, b) => sign * compare(key(a.cells[column]), key(b.cells[column]))));
        });
      });
    }

    // Filtering the end points by name and status.
    const name = one('#filter-name');
    const status = one('#filter-status');
    const filter = () => {
      const rows = all('#end-point-table tbody tr');
      let shown = 0;
      for (const row of rows) {
        const fits = row.dataset.name.toLowerCase().includes(name.value.trim().toLowerCase());
        const show = fits ? status.value === '' || row.dataset.status === status.value : false;
        row.hidden = !show;
        if (show) shown += 1;
      }
      one('#filter-count').textContent = shown === rows.length ? '' : shown + ' of ' + rows.length;
    };
    name.addEventListener('input', filter);
    status.addEventListener('change', filter);

    // One case in the charts.
    const chosen = one('#chart-case');
    if (chosen) chosen.addEventListener('change', () => {
      for (const chart of all('.chart')) {
        chart.classList.toggle('single', chosen.value !== '');
        for (const group of all('.case', chart)) {
          group.classList.toggle('chosen', group.dataset.case === chosen.value);
        }
      }
    });

    // Links lead to folded sections; paper has nothing to unfold.
    const unfold = () => {
      const target = document.getElementById(location.hash.slice(1));
      if (target ? target.tagName === 'DETAILS' : false) {
        target.open = true;
        target.scrollIntoView();
      }
    };
    addEventListener('hashchange', unfold);
    document.addEventListener('click', event => {
      const link = event.target.closest('a');
      if (link ? link.getAttribute('href') === location.hash : false) unfold();
    });
    unfold();
    const fold = open => { for (const layer of all('details.layer')) layer.open = open; };
    one('#open-all').addEventListener('click', () => fold(true));
    one('#close-all').addEventListener('click', () => fold(false));
    """
}
