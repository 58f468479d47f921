/*
 * One work at a time, or all of them; two languages; favourites. A plain script and no
 * module, for a browser loads no modules from a file's address.
 */
"use strict";
(() => {
  const root = document.documentElement;
  const exhibit = JSON.parse(document.getElementById("exhibit").textContent);
  const pieces = [...document.querySelectorAll("[data-piece]")];
  const tiles = [...document.querySelectorAll("[data-tile]")];
  const SWIPE = 48; // pixels
  let here = null;
  let left = 0;

  /* A browser may forbid to remember: then it holds as long as the page. */
  const remember = (key, value) => {
    try {
      localStorage.setItem(`reverie-exhibit:${key}`, JSON.stringify(value));
    } catch {
      /* nothing else to do */
    }
  };
  const recall = (key, otherwise) => {
    try {
      return JSON.parse(localStorage.getItem(`reverie-exhibit:${key}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  };

  function speak(language) {
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : language;
  }

  function firstLanguage() {
    const known = recall("language", null) ?? root.dataset.given;
    if (known === "en" || known === "zh") return known;
    const tags = (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase());
    return tags.find((tag) => tag === "en" || tag === "zh") ?? "en";
  }

  /* The address says what is looked at, so that going back works. */
  function follow() {
    const number = Number(location.hash.slice(1));
    const piece = pieces[number - 1] ?? null;
    if (!here) left = scrollY;
    here?.querySelectorAll("video").forEach((video) => video.pause());
    here?.classList.remove("is-here");
    const before = here;
    here = piece;
    document.body.dataset.view = here ? "piece" : "wall";
    if (here) {
      here.classList.add("is-here");
      scrollTo({ top: 0, behavior: "instant" });
      here.focus({ preventScroll: true });
      for (const near of [pieces[number - 2], pieces[number]]) prepare(near);
    } else if (before) {
      const named = document.getElementById(location.hash.slice(1));
      if (named) named.scrollIntoView();
      else scrollTo({ top: left, behavior: "instant" });
      tiles[pieces.indexOf(before)]?.focus({ preventScroll: true });
    }
  }

  function prepare(piece) {
    piece?.querySelectorAll("img[loading]").forEach((image) => image.removeAttribute("loading"));
  }

  function step(by) {
    const next = pieces.indexOf(here) + by;
    const wrapped = (next + pieces.length) % pieces.length;
    location.hash = here ? String(wrapped + 1) : "1";
  }

  /* Favourites, by number. */
  const liked = new Set(recall(exhibit.id, []));

  function like(number) {
    if (!liked.delete(number)) liked.add(number);
    remember(exhibit.id, [...liked]);
    showLiked();
  }

  function showLiked() {
    pieces.forEach((piece, index) => {
      const on = liked.has(index + 1);
      piece.querySelector(".like").setAttribute("aria-pressed", String(on));
      tiles[index].classList.toggle("is-liked", on);
    });
    const count = pieces.filter((_, index) => liked.has(index + 1)).length;
    const link = document.querySelector(".liked");
    link.hidden = !count;
    link.querySelector("b").textContent = String(count);
    document.querySelector(".take").disabled = !count;
  }

  /** A file that the studio takes back as likes. */
  function takeAway() {
    const works = exhibit.works.filter(({ number }) => liked.has(number));
    const told = { kind: "reverie-favourites", format: 1, exhibit: exhibit.title, works };
    const file = new Blob([JSON.stringify(told)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "favourites.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const film = event.target.closest?.("video");
    if (event.key === "ArrowRight" && !film) step(1);
    else if (event.key === "ArrowLeft" && !film) step(-1);
    else if (event.key === "Escape" && here) location.hash = "";
    else if (event.key === "f" && here) like(pieces.indexOf(here) + 1);
    else if (event.key === "l") toggle();
    else return;
    event.preventDefault();
  }

  function toggle() {
    speak(root.dataset.language === "en" ? "zh" : "en");
    remember("language", root.dataset.language);
  }

  function acceptSwipes() {
    let from = null;
    addEventListener("touchstart", (event) => {
      const one = event.touches.length === 1 && !event.target.closest("video, pre");
      from = one && here ? event.touches[0] : null;
    }, { passive: true });
    addEventListener("touchend", (event) => {
      if (!from) return;
      const to = event.changedTouches[0];
      const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
      if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
      from = null;
    }, { passive: true });
  }

  speak(firstLanguage());
  pieces.forEach((piece, index) => {
    piece.querySelector(".like").addEventListener("click", () => like(index + 1));
  });
  document.querySelector(".take").addEventListener("click", takeAway);
  document.querySelector(".speak").addEventListener("click", toggle);
  addEventListener("keydown", key);
  addEventListener("hashchange", follow);
  acceptSwipes();
  showLiked();
  follow();
})();
