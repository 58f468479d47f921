// What a person sees, read back inside the page: the pixels of the picture (a canvas
// or an img), sampled once an animation frame. The benchmarks call it for the studio's
// page and for the default way alike. `picture` is a list of CSS selectors, topmost
// first; the first one that has pixels is what is seen.
window.probe = (() => {
  const SIDE = 48;
  const sheet = new OffscreenCanvas(SIDE, SIDE).getContext("2d", {
    willReadFrequently: true,
  });
  // Nearest pixels: reading must cost the page next to nothing.
  sheet.imageSmoothingEnabled = false;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  // Of several tabs Chromium shows one, and gives the others a frame now and then.
  const tick = () => new Promise((done) => setTimeout(done, 16));
  const valueOf = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");

  function hasPixels(element) {
    if (!element || element.complete === false) return false;
    return (element.naturalWidth ?? element.width) > 0;
  }

  /** The picture's pixels at SIDE x SIDE, or null while there is nothing to see. */
  function read(picture) {
    const seen = picture.map((one) => document.querySelector(one)).find(hasPixels);
    if (!seen) return null;
    sheet.drawImage(seen, 0, 0, SIDE, SIDE);
    return sheet.getImageData(0, 0, SIDE, SIDE).data;
  }

  /** Mean absolute difference of two readings, 0..255; missing counts as black. */
  function distance(a, b) {
    let sum = 0;
    for (let i = 0; i < SIDE * SIDE * 4; i++) sum += Math.abs((a?.[i] ?? 0) - b[i]);
    return sum / (SIDE * SIDE * 4);
  }

  /** Brightest minus darkest channel value: 0 for one flat grey or nothing. */
  function spread(pixels) {
    const colours = pixels.filter((_, i) => i % 4 < 3);
    return Math.max(...colours) - Math.min(...colours);
  }

  function set(range, value) {
    const input = document.querySelector(range);
    valueOf.set.call(input, String(value));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** Every new picture from now until `done(now, lastChange)` says stop. */
  async function pictures(picture, done, pace = frame) {
    const seen = [];
    let before = read(picture);
    let last = performance.now();
    while (!done(performance.now(), last)) {
      await pace();
      const now = read(picture);
      if (now && distance(before, now) > 0) {
        last = performance.now();
        seen.push({ at: last, pixels: now });
        before = now;
      }
    }
    return seen;
  }

  /** Wait until the picture has not changed for `quiet` ms. */
  async function rest(picture, quiet) {
    const until = performance.now() + 15000;
    await pictures(picture, (now, last) => now - last > quiet || now > until);
  }

  /** Put the slider at `value`; ms until the picture is nearer its end than its
   *  beginning, which a crossfade or a spinner cannot fake; null if nothing came. */
  async function step(range, picture, value, quiet) {
    const before = read(picture);
    const start = performance.now();
    set(range, value);
    const seen = await pictures(
      picture,
      (now, last) => now - Math.max(last, start) > (last > start ? quiet : 4000),
    );
    if (!seen.length) return null;
    const end = seen[seen.length - 1].pixels;
    const whole = distance(before, end);
    const there = seen.find(({ pixels }) => distance(pixels, end) < whole / 2);
    return { ms: (there ?? seen[seen.length - 1]).at - start, change: whole };
  }

  /** Single steps from rest, one for each value; the first touch ends any drift. */
  async function steps(range, picture, values, quiet) {
    const results = [];
    set(range, 0);
    await rest(picture, quiet);
    for (const value of values) {
      results.push(await step(range, picture, value, quiet));
    }
    return results;
  }

  /** Drag to and fro between `low` and `high` for `seconds`, one input event each
   *  animation frame, or every 16 ms in a tab that nobody sees; how many different
   *  pictures a second were drawn. */
  async function drag(range, picture, low, high, seconds, unseen = false) {
    const pace = unseen ? tick : frame;
    const start = performance.now();
    let inputs = 0;
    let dragging = true;
    const hand = (async () => {
      while (dragging) {
        const phase = ((performance.now() - start) / 2000) % 1;
        const way = 1 - Math.abs(2 * phase - 1);
        set(range, low + (high - low) * way);
        inputs += 1;
        await pace();
      }
    })();
    const end = start + seconds * 1000;
    const seen = await pictures(picture, (now) => now > end, pace);
    dragging = false;
    await hand;
    return { fps: seen.length / seconds, inputs_per_s: inputs / seconds };
  }

  /** From the arrival of the page's HTML: ms to the first picture that is not one
   *  flat colour, and to the third new one after it (it moves by itself);
   *  first_picture_at is the same moment in ms since 1970. */
  async function opening(picture) {
    const arrived = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
    const until = performance.now() + 30000;
    let first = null;
    const moved = [];
    let before = null;
    while (moved.length < 3 && performance.now() < until) {
      await frame();
      const now = read(picture);
      if (!now) continue;
      if (first === null && spread(now) > 24) first = performance.now() - arrived;
      else if (first !== null && distance(before, now) > 0) {
        moved.push(performance.now() - arrived);
      }
      before = now;
    }
    return {
      first_picture_ms: first,
      first_picture_at: first && performance.timeOrigin + arrived + first,
      drift_ms: moved[2] ?? null,
    };
  }

  return { steps, drag, opening };
})();
