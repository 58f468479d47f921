/** Line drawings on a 20 x 20 grid, drawn for this studio. */
const DRAWINGS = {
  dice: `<rect x="3" y="3" width="14" height="14" rx="3"/>
    <path class="dot" d="M7 7h.01M13 7h.01M10 10h.01M7 13h.01M13 13h.01"/>`,
  undo: `<path d="M6.5 4 3 7.500l3.500 3.500M3.500 7.500H12a4.500 4.500 0 0 1 0 9H8"/>`,
  redo: `<path d="M13.500 4 17 7.500 13.500 11M16.500 7.500H8a4.500 4.500 0 0 0 0 9h4"/>`,
  keep: `<path d="M5.500 3h9v14L10 13.200 5.500 17z"/>`,
  save: `<path d="M10 3v9.500M6.300 9 10 12.700 13.700 9M3.500 13.500V17h13v-3.500"/>`,
  more: `<path d="M4 6h12M4 10h12M4 14h12"/>`,
  chevron: `<path d="m6.500 8.200 3.500 3.600 3.500-3.600"/>`,
  previous: `<path d="M12 5.500 7.500 10l4.500 4.500"/>`,
  next: `<path d="M8 5.500 12.500 10 8 14.500"/>`,
  lock: `<rect x="5" y="9" width="10" height="7.500" rx="1.500"/>
    <path class="shackle" d="M7 9V6.500a3 3 0 0 1 6 0V9"/>`,
  reset: `<path d="M4.500 10a5.500 5.500 0 1 0 1.800-4.100M6 3v3.200h3.200"/>`,
  shuffle: `<path d="M3 6h3.200l6.600 8H17M3 14h3.200l1.900-2.300M11 8.200 12.800 6H17
    M14.800 3.800 17 6l-2.200 2.200M14.800 11.800 17 14l-2.200 2.200"/>`,
  link: `<path d="M8.500 11.500a3 3 0 0 0 4.300 0l2.700-2.700a3 3 0 0 0-4.300-4.300l-.9.900
    M11.500 8.500a3 3 0 0 0-4.300 0l-2.700 2.700a3 3 0 0 0 4.300 4.300l.9-.9"/>`,
  open: `<path d="M3 15.500v-11h4.500l1.700 2H17v9z"/>`,
  drift: `<path d="M2.500 8c2.500-3 5-3 7.500 0s5 3 7.500 0M2.500 13c2.500-3 5-3 7.500 0s5 3 7.500 0"/>`,
  fullscreen: `<path d="M3.500 7.500v-4h4M12.500 3.500h4v4M16.500 12.500v4h-4M7.500 16.500h-4v-4"/>`,
  language: `<circle cx="10" cy="10" r="7"/>
    <path d="M3 10h14M10 3c-4 4.500-4 9.500 0 14M10 3c4 4.500 4 9.500 0 14"/>`,
  help: `<circle cx="10" cy="10" r="7"/>
    <path d="M8 8a2 2 0 1 1 2.800 1.900c-.6.300-.8.700-.8 1.300M10 13.600v.01"/>`,
  like: `<path d="M10 16.200C5.500 13 3.200 10.600 3.200 7.900a3.400 3.400 0 0 1 6.800-1
    3.400 3.400 0 0 1 6.800 1c0 2.700-2.300 5.100-6.800 8.300z"/>`,
  dislike: `<circle cx="10" cy="10" r="6.500"/><path d="M6.500 10h7"/>`,
  star: `<path d="m10 3.200 2.100 4.500 4.900.6-3.600 3.400.9 4.900-4.300-2.400-4.300 2.400.9-4.900
    L3 8.300l4.900-.6z"/>`,
  tree: `<path d="M10 17v-4M10 13c0-3-5-2.500-5-6M10 13c0-3 5-2.500 5-6M10 13V6"/>
    <circle cx="5" cy="5" r="1.500"/><circle cx="10" cy="4" r="1.500"/>
    <circle cx="15" cy="5" r="1.500"/>`,
  others: `<rect x="3.500" y="3.500" width="5" height="5"/>
    <rect x="11.500" y="3.500" width="5" height="5"/>
    <rect x="3.500" y="11.500" width="5" height="5"/>
    <rect x="11.500" y="11.500" width="5" height="5"/>`,
  wide: `<path d="M3.500 3.500h13v13h-13zM6.750 3.500v13M10 3.500v13M13.250 3.500v13M3.500 6.750h13
    M3.500 10h13M3.500 13.250h13"/>`,
  branch: `<path d="M6 17V3M6 12c0-3 8-2 8-6"/><path d="m12 13 4 4M16 13l-4 4"/>`,
  brush: `<path d="M16.500 3.500 9 11M7.500 10.500c-2 0-3 1.500-3 3.500 0 1-.5 2-1.500 2.500 3.500.500 6.500-.5
    6.500-3.500 0-1.500-.8-2.500-2-2.500z"/>`,
  lasso: `<path d="M7 13.500c-2.500-.8-4-2.300-4-4.300 0-3 3.100-5.200 7-5.200s7 2.200 7 5.200-3.100 5.200-7 5.200M7
    12.500a1.600 1.600 0 1 0 .01 0M8 15c.5 1.200 0 2-1.500 2.500"/>`,
  eraser: `<path d="m8.500 4.500-5 6 4.500 4.500h3l5.500-6.500zM6 7.500l6 6.500M8 15.500h9"/>`,
  cull: `<path d="M3.500 5h2M9 5h2M14.500 5h2M3.500 10h2M9 10h2M14.500 10h2M3.500 15h2M9 15h2
    M14.500 15h2"/>`,
  why: `<path d="M4 4.500h12v9H9L5.500 16.500v-3H4zM7 7.500h6M7 10.500h4"/>`,
  image: `<rect x="3" y="4" width="14" height="12" rx="1.500"/>
    <path d="m3.500 14 4-4.500 3 3 2-2 4 4"/><path class="dot" d="M13 7.500h.01"/>`,
  camera: `<path d="M3 6.500h3l1.200-2h5.600l1.200 2h3v9.500H3z"/><circle cx="10" cy="11" r="2.800"/>`,
  board: `<rect x="3" y="4" width="7" height="6"/><rect x="8" y="8" width="9" height="8"/>`,
  polish: `<path d="M10 3.500 11.600 8.400 16.500 10l-4.900 1.600L10 16.500l-1.600-4.900L3.500 10l4.900-1.600z"/>`,
  difference: `<rect x="3.500" y="5" width="8" height="8"/><rect x="8.500" y="8" width="8" height="8"/>`,
  move: `<path d="M10 3v14M3 10h14M8 5l2-2 2 2M8 15l2 2 2-2M5 8l-2 2 2 2M15 8l2 2-2 2"/>`,
  add: `<path d="M10 5v10M5 10h10"/>`,
  pencil: `<path d="m4.500 15.500 1-3.500 8-8 2.500 2.500-8 8z"/>`,
  play: `<path d="M6.500 4v12L16 10z"/>`,
  pause: `<path d="M7 4.500v11M13 4.500v11"/>`,
  sound: `<path d="M4 8v4h2.500L10 15V5L6.500 8zM12.800 7.500a3.500 3.500 0 0 1 0 5M15 5.500a6.500
    6.500 0 0 1 0 9"/>`,
  perform: `<path d="M3 4.500h14v9H3zM10 13.500v3M6.500 16.500h7"/><path d="m8.500 7 4 2-4 2z"/>`,
  mic: `<rect x="7.500" y="3" width="5" height="9" rx="2.500"/><path d="M4.500 10a5.500 5.500 0 0 0
    11 0M10 15.500V18"/>`,
  knob: `<circle cx="10" cy="10" r="6.500"/><path d="M10 10 13.500 6"/>`,
  close: `<path d="m5.500 5.500 9 9M14.500 5.500l-9 9"/>`,
};

/** The drawing `name`, hidden from screen readers: its button has a name. */
export function icon(name) {
  const shell = document.createElement("template");
  shell.innerHTML =
    `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">` +
    `${DRAWINGS[name]}</svg>`;
  return shell.content.firstElementChild;
}
