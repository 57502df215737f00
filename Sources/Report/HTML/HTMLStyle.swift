/// The page's style sheet: system fonts, tabular figures, two colour schemes, paper.
///
/// Colours of shares go from pale to strong blue up to the limit and from orange to red beyond it,
/// which the common kinds of colour blindness can tell apart; what is beyond is hatched as well.
/// Free of `<` and `&`, so that the page is well-formed XML.
enum HTMLStyle {
  static let text = [colors, page, head, tables, pictures, layers, plots, narrow, paper]
    .joined(separator: "\n")

  private static let colors = """
    :root { color-scheme: light dark;
      --page: #fff; --text: #1a1d21; --muted: #56606b; --rule: #d4d9df; --panel: #f5f7f9;
      --link: #0a4f8f; --pass: #17663a; --fail: #a8231a; --warn: #7d5200; --hatch: #1a1d2166;
      --u0: #f1f5f9; --u1: #e3ecf5; --u2: #cfe0f0; --u3: #b3cfe8; --u4: #8fb9dd; --u5: #6aa2d0;
      --u6: #f4b183; --u7: #e0733e; --u8: #a32a12; --none: #e6e6e6;
      --on: #10151a; --on-high: #10151a; --on-top: #fff;
      --s0: #0a5aa5; --s1: #b34a00; --s2: #56606b; --s3: #8a6100; --s4: #4f7f1e; }
    @media (prefers-color-scheme: dark) { :root {
      --page: #14171a; --text: #e4e7ea; --muted: #9ea8b2; --rule: #363d44; --panel: #1c2025;
      --link: #85bdf5; --pass: #6fcb90; --fail: #ff9182; --warn: #e8bb5c; --hatch: #ffffff55;
      --u0: #1a2129; --u1: #1c2a37; --u2: #1e3548; --u3: #21425c; --u4: #255174; --u5: #2b648f;
      --u6: #85481d; --u7: #a8481c; --u8: #c4391f; --none: #2b2f33;
      --on: #eef2f5; --on-high: #fff; --on-top: #fff;
      --s0: #6fb3f2; --s1: #f0954f; --s2: #a8b2bc; --s3: #e3c04f; --s4: #9fca6b; } }
    .u0 { background: var(--u0); fill: var(--u0); } .u1 { background: var(--u1); fill: var(--u1); }
    .u2 { background: var(--u2); fill: var(--u2); } .u3 { background: var(--u3); fill: var(--u3); }
    .u4 { background: var(--u4); fill: var(--u4); } .u5 { background: var(--u5); fill: var(--u5); }
    .u6 { background: var(--u6); fill: var(--u6); } .u7 { background: var(--u7); fill: var(--u7); }
    .u8 { background: var(--u8); fill: var(--u8); }
    .u-none { background: var(--none); fill: var(--none); }
    .u0, .u1, .u2, .u3, .u4, .u5, .u-none { color: var(--on); }
    .u6, .u7 { color: var(--on-high); } .u8 { color: var(--on-top); }
    """

  private static let page = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-padding-top: 12px; }
    body { margin: 0 auto; padding: 0 24px 48px; max-width: 1328px; background: var(--page);
      color: var(--text); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto,
      'Helvetica Neue', Arial, sans-serif; font-variant-numeric: tabular-nums;
      overflow-wrap: anywhere; }
    h1, h2, h3, p, dl, dd, ul, figure { margin: 0; padding: 0; }
    h2 { font-size: 20px; line-height: 1.3; font-weight: 600; }
    h3 { font-size: 15px; font-weight: 600; }
    main section { margin-top: 40px; padding-top: 20px; border-top: 1px solid var(--rule); }
    a { color: var(--link); text-underline-offset: 2px; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    .lead { margin: 4px 0 14px; max-width: 82ch; color: var(--muted); }
    .muted { color: var(--muted); } .strong { font-weight: 600; }
    .pass { color: var(--pass); } .fail { color: var(--fail); } .warn { color: var(--warn); }
    .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
      font-size: .93em; } td.code { white-space: nowrap; }
    .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    .skip { position: absolute; left: -9999px; } .skip:focus { left: 24px; top: 8px; }
    .scroll { overflow-x: auto; position: relative; }
    .tools { margin: 0 0 12px; display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; }
    .tools label { min-width: 0; max-width: 100%; }
    .tools[hidden] { display: none; }
    input, select, .tools button { font: inherit; color: inherit; background: var(--page);
      border: 1px solid var(--muted); border-radius: 3px; padding: 3px 8px; max-width: 100%; }
    footer { margin-top: 40px; padding-top: 12px; border-top: 1px solid var(--rule);
      color: var(--muted); font-size: 13px; }
    """

  private static let head = """
    .verdict { padding-top: 28px; }
    .eyebrow { color: var(--muted); font-size: 13px; }
    h1 { margin: 2px 0 14px; font-size: 44px; line-height: 1.15; font-weight: 650;
      letter-spacing: -.01em; text-transform: uppercase; }
    .verdict.pass, .verdict.fail { color: inherit; }
    .verdict.pass h1 { color: var(--pass); } .verdict.fail h1 { color: var(--fail); }
    .facts div { display: grid; grid-template-columns: 108px minmax(0, 1fr); gap: 0 12px;
      padding: 2px 0; }
    dt { color: var(--muted); } .facts .warn dt { color: inherit; }
    .divergence { margin-top: 18px; padding: 14px 18px 16px; border: 1px solid var(--fail);
      border-left-width: 5px; background: var(--panel); }
    .divergence .label { display: block; font-size: 13px; font-weight: 400; color: var(--muted); }
    .divergence h2 { font-size: 24px; }
    .columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, auto);
      gap: 8px 40px; align-items: start; }
    .divergence p { margin-top: 6px; } .divergence .gate { font-weight: 600; }
    .measure .number { font-size: 30px; line-height: 1.2; font-weight: 650; color: var(--fail); }
    .measure .of { margin-left: 6px; }
    .tightest { margin-top: 14px; padding: 10px 16px; border: 1px solid var(--rule);
      background: var(--panel); }
    nav { margin-top: 18px; font-size: 14px; }
    nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; }
    """

  private static let tables = """
    table { border-collapse: collapse; font-size: 13px; line-height: 1.35; }
    .figures { width: 100%; } .figures + p, .scroll + p { margin-top: 8px; }
    caption { text-align: left; font-weight: 600; padding: 10px 0 4px; }
    th, td { padding: 4px 6px; text-align: left; vertical-align: baseline; font-weight: 400; }
    thead th { color: var(--muted); vertical-align: bottom; }
    thead th[scope=colgroup] { border-bottom: 1px solid var(--rule); text-align: center; }
    tbody tr { border-top: 1px solid var(--rule); } .plain tbody th { color: var(--muted); }
    .figures tbody tr:hover { background: var(--panel); }
    .limits th, .limits td { color: var(--muted); }
    .n { text-align: right; white-space: nowrap; } .nowrap { white-space: nowrap; }
    .figures tbody th, .figures .pin { white-space: nowrap; }
    .wrap { min-width: 12ch; white-space: normal; } .wide { min-width: 26ch; }
    .figures tbody th.wrap { white-space: normal; }
    .over { color: var(--fail); font-weight: 650; }
    .pin { position: sticky; left: 0; background: var(--page); z-index: 1; }
    .figures tbody .pin { box-shadow: inset 0 1px var(--rule); }
    tr:hover .pin { background: var(--panel); }
    th button { all: unset; cursor: pointer; text-decoration: underline dotted;
      text-underline-offset: 3px; }
    th button:focus-visible { outline: 2px solid var(--link); }
    th[aria-sort] button::after { content: ' ▾'; }
    th[aria-sort=ascending] button::after { content: ' ▴'; }
    .heat { width: 100%; font-size: 11.5px; }
    .heat td { text-align: center; padding: 4px 1px; min-width: 33px; white-space: nowrap;
      border: 1px solid var(--page); }
    .heat tbody tr { border: 0; } .heat tbody .pin { font-size: 13px; min-width: 90px;
      max-width: 200px; }
    .heat thead th { padding: 2px 1px; text-align: center; } .heat thead th.pin { text-align: left;
      padding: 4px 8px; }
    .heat .up { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
    .beyond { font-weight: 650; background-image: repeating-linear-gradient(135deg,
      transparent 0 4px, var(--hatch) 4px 5px); }
    """

  private static let pictures = """
    svg { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system,
      'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: var(--text); }
    .network rect { stroke: var(--muted); stroke-width: .5; }
    .network a .hit, .network a:hover .hit { stroke: none; opacity: 1; fill: transparent; }
    .network .row { font-size: 11px; } .network a { text-decoration: none; }
    .network a:focus-visible rect { stroke: var(--link); stroke-width: 2; }
    .network a:hover rect { stroke: var(--text); stroke-width: 1.2; }
    .network .over { fill: url(#hatch); } .hatch { stroke: var(--hatch); stroke-width: 2; }
    .network .small, .network .name, .network .cell { text-anchor: middle; font-size: 11px; }
    .network .small { fill: var(--muted); font-size: 10px; }
    .network .cell { fill: var(--on); }
    .network .t-u6, .network .t-u7 { fill: var(--on-high); }
    .network .t-u8 { fill: var(--on-top); }
    .network .cell, .network .small, .network .name { pointer-events: none; }
    .apart { margin-top: 22px; } .lines { list-style: none; font-size: 14px; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin-top: 10px; list-style: none;
      font-size: 13px; color: var(--muted); }
    .swatch { display: inline-block; width: 22px; height: 12px; margin-right: 5px;
      border: .5px solid var(--muted); vertical-align: -1px; }
    .swatch.u6, .swatch.u7, .swatch.u8 { background-image: repeating-linear-gradient(135deg,
      transparent 0 4px, var(--hatch) 4px 5px); }
    .charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 28px 32px; }
    .chart { min-width: 0; } .chart .scroll svg { min-width: 540px; }
    .chart .scroll svg svg { min-width: 0; }
    .keys { display: flex; flex-wrap: wrap; gap: 0 16px; font-size: 13px; color: var(--muted); }
    .key svg { display: inline-block; width: 26px; height: 8px; vertical-align: 1px; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .s0 { --ink: var(--s0); --dash: none; } .s1 { --ink: var(--s1); --dash: 9 3; }
    .s2 { --ink: var(--s2); --dash: 2 3; } .s3 { --ink: var(--s3); --dash: 9 3 2 3; }
    .s4 { --ink: var(--s4); --dash: 5 2; }
    .line { stroke: var(--ink); stroke-dasharray: var(--dash); } .mark { fill: var(--ink); }
    .case .line { stroke-width: 1; stroke-dasharray: none; opacity: .22; }
    .single .worst, .single .case { opacity: .12; } .single .case.chosen { opacity: 1; }
    .single .case.chosen .line { opacity: 1; stroke-width: 2; }
    .single .case.chosen .line { stroke-dasharray: var(--dash); }
    .grid { stroke: var(--rule); stroke-width: .7; } .tick { text-anchor: end; fill: var(--muted); }
    .chart .tick, .chart text.limit { font-size: 11px; } .axis { text-anchor: end; font-size: 10.5px;
      fill: var(--muted); }
    line.limit { stroke: var(--ink); stroke-width: 1.2;
      stroke-dasharray: 5 4; }
    text.limit { text-anchor: end; fill: var(--muted); paint-order: stroke; stroke: var(--page);
      stroke-width: 3px; }
    .edge { text-anchor: middle; font-size: 10px; } .hit { fill: transparent; }
    .hit:hover { fill: var(--hatch); opacity: .25; }
    """

  private static let layers = """
    #layers h2 { margin-bottom: 12px; }
    .layer { border-top: 1px solid var(--rule); padding: 2px 0; }
    .layer:last-child { border-bottom: 1px solid var(--rule); }
    .layer[open] { padding-bottom: 18px; }
    summary { cursor: pointer; padding: 6px 4px; display: grid; align-items: baseline; gap: 2px 12px;
      grid-template-columns: 14px 92px 190px 140px minmax(0, 1fr); }
    summary::-webkit-details-marker { display: none; }
    summary::before { content: '▸'; color: var(--muted); } .layer[open] summary::before {
      content: '▾'; }
    summary:hover { background: var(--panel); } summary .title { font-weight: 600; }
    summary .state, summary .shape, .chip { font-size: 13px; white-space: nowrap; }
    .chips { display: flex; flex-wrap: wrap; gap: 4px; }
    .chip { padding: 0 7px; min-width: 74px; border-radius: 2px; }
    .layer .scroll { margin: 0 0 6px 26px; }
    .layer p { margin: 6px 0 6px 26px; }
    .conditions { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
      gap: 24px 48px; margin-top: 12px; font-size: 14px; }
    .conditions div { min-width: 0; } .conditions .facts div { grid-template-columns:
      140px minmax(0, 1fr); }
    .glossary { display: grid; gap: 10px 48px; margin-top: 12px;
      grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); }
    .glossary dt { color: var(--text); font-weight: 600; }
    """

  /// Pictures of one layer's errors.
  private static let plots = """
    .layer .comparison { margin: 14px 0 20px 26px; padding: 0; border: 0; }
    .comparison p, .comparison .scroll { margin-left: 0; }
    .plots { display: flex; flex-wrap: wrap; gap: 16px 32px; margin: 10px 0 6px; }
    .beside { flex: 1 1 420px; margin: 0; align-content: flex-start; }
    .plot { min-width: 0; max-width: 100%; font-size: 13px; }
    .plot figcaption { font-weight: 600; margin-bottom: 4px; }
    .plot svg { max-width: 100%; font-size: 11px; } .plot text { fill: var(--muted); }
    .plot .mid { text-anchor: middle; } .plot .end { text-anchor: end; }
    .map path, .strip path, .histogram path { shape-rendering: crispEdges; }
    .plot .over { fill: url(#hatch); } .plot .within { fill: var(--s0); }
    .plot .frame { fill: none; stroke: var(--muted); }
    .plot .worst-cell { fill: none; stroke: var(--text); stroke-width: 2; }
    .edge-of-limit { stroke: var(--text); stroke-dasharray: 5 4; stroke-width: 1.2; }
    .layer .plot .note { margin: 2px 0 0; color: var(--muted); font-size: 12.5px; max-width: 46ch; }
    .commands { margin-top: 8px; padding: 6px 10px; background: var(--panel); font-size: 13px; }
    .commands code { display: block; user-select: all; padding-left: 2ch; text-indent: -2ch;
      font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    .divergence .commands { margin-top: 12px; padding: 6px 0 0; border-top: 1px solid var(--rule); }
    .cause .label { display: inline; margin-right: 4px; } .cause strong + strong::before {
      content: 'or '; font-weight: 400; }
    """

  private static let narrow = """
    @media (max-width: 900px) {
      .charts, .columns { grid-template-columns: minmax(0, 1fr); }
      summary { grid-template-columns: 14px minmax(0, 1fr) auto; }
      summary .title { order: 1; } summary .state { order: 2; }
      summary .shape { order: 3; grid-column: 2 / -1; }
      summary .chips { order: 4; grid-column: 2 / -1; }
      .layer .scroll, .layer p, .layer .comparison { margin-left: 0; }
    }
    @media (max-width: 600px) {
      body { padding: 0 14px 32px; } h1 { font-size: 30px; margin-bottom: 10px; }
      .verdict { padding-top: 16px; } .divergence { padding: 12px 12px 14px; margin-top: 12px; }
      .facts div, .conditions .facts div { grid-template-columns: 88px minmax(0, 1fr); }
      .facts, .divergence p { font-size: 14px; } .divergence h2 { font-size: 20px; }
      .measure .number { font-size: 26px; } .measure .of { display: block; margin-left: 0; }
      th, td { padding: 4px 6px; } .heat tbody .pin { max-width: 110px; }
    }
    """

  private static let paper = """
    @media print {
      body { font-size: 10pt; max-width: none; padding: 0; }
      nav, .tools, .skip { display: none; } .scroll { overflow: visible; }
      .chart, .plot, summary, tr { break-inside: avoid; } h2, h3, summary { break-after: avoid; }
      .chart .scroll svg, svg.network { min-width: 0 !important; }
      .network rect, .heat td, .chip, .swatch, .plot svg { print-color-adjust: exact;
        -webkit-print-color-adjust: exact; }
      table { font-size: 7.5pt; } .pin { position: static; } th, td { padding: 2px 3px; }
      .heat td { min-width: 0; font-size: 6pt; }
      /* Browsers take minutes to write hundreds of hatched cells as PDF. */
      .plot .over { display: none; }
      .heat .beyond { background-image: none; text-decoration: underline; } .figures { width: auto; }
      details.layer:not([open])::details-content { content-visibility: visible;
        display: block; }
    }
    """
}
