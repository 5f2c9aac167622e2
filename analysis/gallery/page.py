"""The page of the gallery: it links to the pictures beside it and needs nothing else."""

import jinja2

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gallery</title>
<style>
:root { color-scheme: light; --ink: #1a1a1a; --quiet: #6b6b6b; --line: #e0e0e0; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; margin: 0 auto; padding: 1rem;
       max-width: 60rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
p.quiet { color: var(--quiet); }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; display: block; }
figcaption { margin-top: .5rem; }
pre { background: #f6f6f6; padding: .6rem .75rem; font-size: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
nav { columns: 2 20rem; font-size: .9rem; }
nav a { display: block; }
</style>
</head>
<body>
<h1>Gallery</h1>
<p class="quiet">Every figure is drawn from runs that were made for it{% if commit %}, with commit
{{ commit[:12] }}{% endif %}. Colours differ in grey as well.</p>
<nav>{% for name, each in pictures.items() %}<a href="#{{ name }}">{{ each.question }}</a>
{% endfor %}</nav>
{% for name, each in pictures.items() %}
<section id="{{ name }}">
<h2>{{ each.question }}</h2>
{% if name in faults %}<p>Not drawn. {{ faults[name] }}</p>
{% else %}<figure><img alt="{{ each.question }}" src="{{ name }}.{{ 'gif' if each.moves else 'svg' }}" loading="lazy">
<figcaption>{{ each.see }}</figcaption></figure>
{% endif %}
<pre>{{ each.command }}</pre>
<p class="quiet">Seed: {{ each.seeds }}.{% if not each.moves and name not in faults %} <a href="{{ name }}.svg">svg</a>
<a href="{{ name }}.pdf">pdf</a> <a href="{{ name }}.png">png</a>{% endif %}</p>
</section>
{% endfor %}
</body>
</html>
"""


def html(pictures, commit=None, faults=None):
    """The page of {name: Picture} as text; faults: {name: why} of those that could not be drawn."""
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE)
    return template.render(pictures=pictures, commit=commit, faults=faults or {})
