"""The page: its parts, and how they become one HTML file that needs no other."""

import base64
import io
from dataclasses import dataclass, field

import jinja2

DPI = 110
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.title }}</title>
<style>
:root { color-scheme: light; --ink: #1a1a1a; --quiet: #6b6b6b; --line: #e0e0e0; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; margin: 0 auto; padding: 1rem;
       max-width: 60rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
p.quiet, figcaption { color: var(--quiet); }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
pre { background: #f6f6f6; padding: .75rem; overflow-x: auto; font-size: .875rem; }
</style>
</head>
<body>
<h1>{{ page.title }}</h1>
<p class="quiet">{{ page.story }}</p>
{% for each in page.sections %}
<section>
<h2>{{ each.title }}</h2>
{% for text in each.texts %}<p>{{ text }}</p>
{% endfor %}
{% if each.points %}<ul>{% for text in each.points %}<li>{{ text }}</li>{% endfor %}</ul>{% endif %}
{% for words, image in each.figures %}<figure><img alt="{{ words }}" src="data:image/png;base64,{{ image }}">
<figcaption>{{ words }}</figcaption></figure>
{% endfor %}
{% if each.rows %}<div class="wide"><table>
{% if each.head %}<thead><tr>{% for word in each.head %}<th>{{ word }}</th>{% endfor %}</tr></thead>{% endif %}
<tbody>{% for row in each.rows %}<tr>
{% for cell in row %}<td{% if each.prose and not loop.first %} class="text"{% endif %}>{{ cell }}</td>{% endfor %}
</tr>{% endfor %}</tbody></table></div>{% endif %}
{% for code in each.code %}<pre>{{ code }}</pre>{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page, shown in this order: texts, points of a list, figures, one table, code.

    figures: ((words, matplotlib Figure or PNG as bytes), ...); prose: whether the table's cells are text, not numbers
    """

    title: str
    texts: tuple = ()
    points: tuple = ()
    figures: tuple = ()
    head: tuple = ()
    rows: tuple = ()
    prose: bool = False
    code: tuple = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: the question, what was run, and the sections."""

    title: str
    story: str
    sections: tuple = field(default=())


def html(page):
    """The page as text, with its pictures inside."""
    shown = [{**vars(each), "figures": [(words, encoded(image)) for words, image in each.figures]}
             for each in page.sections]  # fmt: skip
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE)
    return template.render(page={"title": page.title, "story": page.story, "sections": shown})


def encoded(image):
    """A figure, or the bytes of one, as text."""
    if not isinstance(image, bytes):
        memory = io.BytesIO()
        image.savefig(memory, format="png", dpi=DPI)
        image = memory.getvalue()
    return base64.b64encode(image).decode("ascii")
