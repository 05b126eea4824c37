// As much of a browser as the front end needs: elements with attributes, children, classes, styles and events; canvases
// on which nothing is seen; a clock of frames and sockets that tests move.

/** What contexts were asked to do, by those who want to know: null, or a list of [method, ...arguments]. */
export const drawn = { calls: null };

/** A context that takes any call; a letter is 6 px wide, every pixel is black. */
const context = (canvas) =>
  new Proxy(
    {
      canvas,
      measureText: (text) => ({ width: 6 * text.length }),
      createImageData: (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }),
      getImageData: (_x, _y, w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }),
    },
    {
      get: (own, name) => own[name] ?? ((...given) => void drawn.calls?.push([name, ...given])),
      set: (own, name, value) => ((own[name] = value), true),
    },
  );

class FakeOffscreenCanvas {
  constructor(width, height) {
    [this.width, this.height] = [width, height];
  }
  getContext() {
    return (this.context ??= context(this));
  }
}

class Style extends Map {
  setProperty(name, value) {
    this.set(name, value);
  }
}

class FakeElement extends EventTarget {
  constructor(tag) {
    super();
    this.tagName = tag.toUpperCase();
    this.attributes = new Map();
    this.childNodes = [];
    this.parentElement = null;
    this.dataset = {};
    this.style = new Style();
    this.classes = new Set();
    this.classList = {
      add: (...names) => names.forEach((name) => this.classes.add(name)),
      remove: (...names) => names.forEach((name) => this.classes.delete(name)),
      contains: (name) => this.classes.has(name),
      toggle: (name, on = !this.classes.has(name)) => this.classList[on ? "add" : "remove"](name),
    };
    this.hidden = false;
    this.title = "";
    this.isConnected = true;
    this.offsetParent = this;
    this.clientWidth = 800;
    this.clientHeight = 500;
    this.offsetTop = this.offsetHeight = this.offsetWidth = this.scrollTop = 0;
  }
  getContext() {
    return (this.context ??= context(this));
  }
  getBoundingClientRect() {
    return { left: 0, top: 0, width: this.clientWidth, height: this.clientHeight };
  }
  querySelectorAll() {
    return [];
  }
  querySelector() {
    return null;
  }
  toggleAttribute(name, on) {
    if (on) this.setAttribute(name, "");
    else this.attributes.delete(name);
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
    if (name === "class") for (const one of String(value).split(" ")) this.classes.add(one);
    else if (name.startsWith("data-")) {
      this.dataset[name.slice(5).replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = String(value);
    } else if (name === "hidden") this.hidden = true;
    else if (["value", "min", "max", "step", "type", "title"].includes(name)) this[name] = String(value);
  }
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  prepend(...nodes) {
    this.append(...nodes);
  }
  append(...nodes) {
    for (const node of nodes) {
      if (node instanceof FakeElement) node.parentElement = this;
      this.childNodes.push(node);
    }
  }
  replaceChildren(...nodes) {
    this.childNodes = [];
    this.append(...nodes);
  }
  remove() {
    const all = this.parentElement?.childNodes;
    all?.splice(all.indexOf(this), 1);
  }

  get children() {
    return this.childNodes.filter((node) => node instanceof FakeElement);
  }
  get options() {
    return this.children;
  }
  get parentNode() {
    return this.parentElement;
  }
  get lastElementChild() {
    return this.children.at(-1) ?? null;
  }
  get textContent() {
    return this.childNodes.map((node) => (node instanceof FakeElement ? node.textContent : String(node))).join("");
  }
  set textContent(text) {
    this.childNodes = [text];
  }

  *descendants() {
    for (const child of this.children) {
      yield child;
      yield* child.descendants();
    }
  }
  contains(other) {
    return other === this || [...this.descendants()].includes(other);
  }
  /** The element below with this data-testid. */
  find(testid) {
    return [...this.descendants()].find((node) => node.dataset.testid === testid) ?? null;
  }
  closest() {
    return null;
  }
  blur() {}
  focus() {}
  click() {
    this.dispatchEvent(Object.assign(new Event("click"), { detail: 0 }));
  }
}

/** Sockets that have been made, newest last; `receive` hands a message to the page. */
export const sockets = [];
class FakeSocket {
  constructor(url) {
    this.url = url;
    this.sent = [];
    this.readyState = FakeSocket.OPEN;
    sockets.push(this);
  }
  static OPEN = 1;
  static CLOSED = 3;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = FakeSocket.CLOSED;
  }
  receive(data) {
    this.onmessage({ data });
  }
}

/** Callbacks that wait for the next animation frame. */
const waiting = [];
/** Let the browser draw. */
export function nextFrame(tick = 0) {
  for (const act of waiting.splice(0)) act(tick);
}

/** Make it the global browser, once. */
export function install() {
  globalThis.window = globalThis;
  globalThis.WebSocket = FakeSocket;
  globalThis.OffscreenCanvas = FakeOffscreenCanvas;
  globalThis.requestAnimationFrame = (act) => waiting.push(act);
  globalThis.cancelAnimationFrame = () => waiting.splice(0);
  globalThis.ResizeObserver = class {
    observe() {}
    disconnect() {}
  };
  globalThis.getComputedStyle = () => ({ getPropertyValue: () => "" });
  globalThis.location = new URL("http://lab.example/one?k=2");
  globalThis.history = { state: null, replaceState() {} };
  globalThis.innerHeight = 700;
  globalThis.devicePixelRatio = 1;
  globalThis.document = Object.assign(new EventTarget(), {
    createElement: (tag) => new FakeElement(tag),
    createElementNS: (_, tag) => new FakeElement(tag),
    querySelector: () => null,
    hidden: false,
    head: new FakeElement("head"),
    body: new FakeElement("body"),
  });
  const target = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
    globalThis[name] = target[name].bind(target);
  }
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, String(value)),
    removeItem: (name) => void kept.delete(name),
  };
}
