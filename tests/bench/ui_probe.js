/*
 * Runs in the page before the product does and notes, in window.probe, when each key was pressed and when what it
 * asked for was on the screen: the end of the first frame after the new pictures, decoded, were in the document.
 */
(() => {
  const probe = { keys: [], shown: [], lost: 0, events: [], shifts: [] };
  window.probe = probe;
  const answering = /^([a-z0-9]|Enter)$/;
  const decoded = new WeakSet();
  let waiting = []; // keys that nothing new has been shown for yet
  let last = ""; // what is on the screen, or about to be

  const { decode } = HTMLImageElement.prototype;
  HTMLImageElement.prototype.decode = function noted() {
    return decode.call(this).then((nothing) => {
      decoded.add(this);
      return nothing;
    });
  };

  function afterPaint(then) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => then(performance.now());
      channel.port2.postMessage(null);
    });
  }

  const loaded = (image) => image.complete && image.naturalWidth > 0;
  /** Decoded already, or never painted before it is. */
  const painted = (image) => decoded.has(image) || image.decoding === "sync";

  /** The pictures on the screen and the name of what they show: one picture's hash, or a page's tasks. */
  function onScreen() {
    const picture = document.querySelector("[data-testid=label-stage] img");
    if (picture) return { name: picture.src.split("/blobs/")[1]?.split("/")[0], pictures: [picture] };
    const cells = [...document.querySelectorAll("[data-testid=verify-cell]")];
    const inSight = cells.filter((cell) => cell.getBoundingClientRect().top < innerHeight);
    const pictures = inSight.flatMap((cell) => [...cell.querySelectorAll("img")]);
    const whole = pictures.length === inSight.length;
    return { name: whole ? cells.map((cell) => cell.dataset.task).join() : "", pictures };
  }

  function look() {
    const { name, pictures } = onScreen();
    if (!name || name === last || !pictures.every(loaded)) return;
    last = name;
    const [key, ...lost] = waiting;
    waiting = [];
    probe.lost += lost.length;
    const record = { name, committed: performance.now(), painted: null };
    probe.shown.push(record);
    const rest = pictures.filter((picture) => !painted(picture));
    const done = (time) => {
      record.painted = time;
      if (key) Object.assign(key, { painted: time, to: name });
    };
    if (!rest.length) afterPaint(done);
    else Promise.all(rest.map((picture) => picture.decode())).then(() => afterPaint(done));
  }

  addEventListener(
    "keydown",
    (event) => {
      if (!answering.test(event.key) || event.repeat) return;
      const key = { pressed: event.timeStamp, from: last, painted: null, to: null };
      probe.keys.push(key);
      waiting.push(key);
    },
    { capture: true },
  );
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributeFilter: ["src", "data-task", "data-testid"] });
  document.addEventListener("load", look, { capture: true }); // it never reaches the window

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === "keydown") probe.events.push({ start: entry.startTime, duration: entry.duration });
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources, startTime } of list.getEntries()) {
      const nodes = sources.map(({ node }) => node?.parentElement?.className + " > " + (node?.className || node?.nodeName));
      probe.shifts.push({ value, hadRecentInput, startTime, nodes });
    }
  }).observe({ type: "layout-shift", buffered: true });
})();
