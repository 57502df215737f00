/// What all pages begin with, up to the opened body.
///
/// From the view: `title`, `style` and, if the page has any, `script`. Nothing else may be loaded or
/// run, whatever the page's texts hold.
enum HTMLShell {
  static let template = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; {{#script}}script-src 'unsafe-inline'; {{/script}}img-src data:; base-uri 'none'; form-action 'none'"/>
    <link rel="icon" href="data:,"/>
    <title>{{title}}</title>
    <style>
    {{{style}}}
    </style>
    </head>
    <body>

    """
}
