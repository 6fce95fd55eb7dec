// Figures as SVG, from their marks: all places are shares of the plot, (0, 0) is left below.
import {begin as draws} from '/web/components/view/view.js';

const WIDTH = 420, HEIGHT = 240, LEFT = 44, RIGHT = 12, TOP = 12, BOTTOM = 36;
const RADIUS = {threshold: 6, yes: 4.5};

export function begin(element, {props, watch, trigger}) {
  const fill = () => {
    const places = element.querySelectorAll('[data-drawn] .chart > [data-key]');
    for (const place of places) place.replaceChildren(drawing(props.value.figures.find(({name}) => name === place.dataset.key)));
  };
  draws(element, {props, watch, trigger});
  watch('value', fill);
  fill();
}

export function svg(name, attributes = {}, words) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) made.textContent = words;
  return made;
}

// With its axes.
export function drawing(figure) {
  const area = {x: (share) => LEFT + share * (WIDTH - LEFT - RIGHT), y: (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)};
  const made = frame(figure, WIDTH, HEIGHT), {x, y} = area;
  const words = (at, above, text, anchor, more = {}) => made.append(svg('text', {x: at, y: above, 'text-anchor': anchor, ...more}, text));
  for (const [share, text] of figure.y.ticks) {
    made.append(svg('path', {d: `M${x(0)} ${y(share)}L${x(1)} ${y(share)}`, class: 'grid'}));
    words(LEFT - 6, y(share) + 4, text, 'end');
  }
  for (const [share, text] of figure.x.ticks) words(x(share), y(0) + 15, text, 'middle');
  words(x(1), HEIGHT - 4, figure.x.label, 'end');
  words(10, y(0), figure.y.label, 'start', {transform: `rotate(-90 10 ${y(0)})`});
  marks(made, figure.marks, area);
  return made;
}

// The marks alone, stretched over whatever they lie in.
export function bare(figure) {
  const made = frame(figure, 1000, 200);
  made.setAttribute('preserveAspectRatio', 'none');
  marks(made, figure.marks.filter(({role}) => role !== 'threshold'), {x: (share) => share * 1000, y: (share) => 200 - share * 200});
  return made;
}

const frame = (figure, width, height) => svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': figure.said, 'data-figure': figure.name});

function marks(made, all, {x, y}) {
  for (const mark of all) {
    if (mark.points) {
      const d = mark.points.map(([left, up], i) => `${i ? 'L' : 'M'}${x(left)} ${y(up)}`).join('');
      made.append(svg('path', {d, class: `mark-line ${mark.role}`, 'vector-effect': 'non-scaling-stroke'}));
    } else if ('bottom' in mark) {
      made.append(svg('rect', {x: x(mark.left), y: y(mark.top), width: x(mark.right) - x(mark.left), height: y(mark.bottom) - y(mark.top), class: `mark-bar ${mark.role}`}));
    } else if (mark.place) {
      const [left, up] = mark.place;
      made.append(svg('circle', {cx: x(left), cy: y(up), r: RADIUS[mark.role] || 4, class: `mark-dot ${mark.role}`}));
      // Its words beside it, and inside of the plot at its ends.
      if (mark.words) made.append(svg('text', {x: x(left) + (left > 0.85 ? -8 : 8), y: y(up) + (up > 0.9 ? 15 : -6), 'text-anchor': left > 0.85 ? 'end' : 'start'}, mark.words));
    }
  }
}
