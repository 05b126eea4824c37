// The shapes of what modules hand to each other, for `tsc`; nothing runs here.
// What messages hold is in docs/protocol.md.

/** @typedef {{width: number, height: number}} Size in CSS pixels */
/** @typedef {{x: number, y: number, w: number, h: number}} Box in pixels */
/** @typedef {[red: number, green: number, blue: number]} Rgb 0 to 255 */
/** @typedef {Float32Array | Uint8Array | Int16Array | Int32Array} NumberArray */
/** @typedef {Record<string, NumberArray>} Arrays */
/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context */
/** @typedef {[title: string, says: string, unit: string]} HelpLine */

/**
 * @typedef {Size & {window: number, narrow: boolean, u: number}} Room
 * what a view has: window: the window's height; narrow: curves below the picture; u: the text scale
 */

/**
 * @typedef {object} Boxes elements of a view that are given sizes
 * @property {HTMLElement} knobs
 * @property {HTMLElement} picture
 * @property {HTMLElement} legend
 * @property {HTMLElement} curves
 * @property {HTMLElement} main
 * @property {string} mark of the sizes that they have
 */

/**
 * @typedef {object} Theme colours and text scale, for the canvases
 * @property {"light" | "dark"} name
 * @property {boolean} dark
 * @property {string} back
 * @property {string} text
 * @property {string} muted
 * @property {string} faint
 * @property {string} line
 * @property {number} fill opacity of p_g's area
 * @property {string} font
 * @property {number} u the text scale
 * @property {Uint32Array} field 256 colours of D(x) from 0 to 1, as ImageData has them
 * @property {Record<string, Rgb>} rgb
 * @property {(role: string) => string} role the colour of a part of the game
 * @property {(role: string) => string} ink its colour as words
 */

/**
 * @typedef {object} Counters
 * @property {number} frames drawn
 * @property {number} mounts views so far
 * @property {number} iteration
 * @property {string} state
 * @property {number} lastFrameAt
 * @property {boolean} socketOpen
 * @property {number | string} run
 * @property {number} [latents] of an MNIST run's look
 */

// Messages of the server, as `decode` gives them: fields of the header, and arrays.

/**
 * @typedef {object} Decoded
 * @property {Arrays} a
 * @property {Record<string, number[]>} shape
 */

/**
 * @typedef {object} Series
 * @property {string} key
 * @property {string} title
 * @property {string} role
 * @property {"solid" | "dash" | "dot" | "dashdot"} [dash]
 * @property {number} [opacity] of a band
 */

/**
 * @typedef {object} Panel one panel of curves
 * @property {string} id
 * @property {string} title
 * @property {string} [unit]
 * @property {Series[]} series
 * @property {{value: number, title: string}[]} lines
 * @property {boolean} [log]
 * @property {number | null} [low]
 * @property {number | null} [high]
 * @property {boolean} [bars] of the share of each mode
 * @property {boolean} [keys] false: its curves are not named in its title
 * @property {string} [needs] a curve without which it says nothing
 * @property {boolean} [off] whether it is not expected to say anything
 * @property {string} [role] of its bands
 * @property {{low: string, high: string, opacity: number, title?: string}[]} [bands]
 * @property {HelpLine[]} [help]
 */

/**
 * @typedef {object} Knob
 * @property {string} field
 * @property {string} title
 * @property {"int" | "float" | "choice"} kind
 * @property {number} low
 * @property {number} high
 * @property {boolean} log
 * @property {[value: string | number, words: string][]} choices
 * @property {string} [doc]
 * @property {boolean} restarts
 * @property {string} [role]
 */

/** @typedef {{id: string, title: string, role: string, help: HelpLine[]}} Layer */

/** @typedef {{field: string, value: number, title: string, words: string}} Cure */

/**
 * @typedef {object} Story
 * @property {string} [name]
 * @property {string} [title]
 * @property {string} [doc]
 * @property {string} [claim]
 * @property {string} [held]
 * @property {string} [before]
 * @property {string} [after]
 * @property {Cure[]} [cures]
 */

/**
 * @typedef {object} StoryNow
 * @property {string} [state]
 * @property {number} [iterations]
 * @property {string[]} [changed]
 * @property {boolean} [released]
 */

/** @typedef {Pick<Scene, "box" | "latent" | "map" | "modes" | "layers"> & {label: string}} RunScene one of several runs, in a scene */
/** @typedef {{label: string, lost: string, jsd?: number | null}} RunNow one of several runs, in a status */

/**
 * @typedef {Decoded & {
 *   type: "scene", run: number, dim: 1 | 2, box: number[][], modes: number, map: boolean,
 *   latent: {kind: string, dim: number, lo: number, hi: number}, panels: Panel[], knobs: Knob[], layers: Layer[],
 *   readout: HelpLine[], seed: number, query: string, runs: RunScene[], seeds: number, fields?: string[], label?: string, axis?: string,
 *   scale: number, tiles: HelpLine[], lab_query: string, story?: Story, offers?: [name: string, words: string][],
 * }} Scene
 */

/** @typedef {{side: "left" | "right" | "bottom" | "top", text: string, brief: string}} Beyond */

/**
 * @typedef {object} Said within a picture
 * @property {Beyond[]} [beyond] the axes
 * @property {string | null} [missing] of D
 * @property {{text: string, brief: string} | null} [tails]
 */

/**
 * @typedef {Decoded & {
 *   type: "frame", run: number, iteration: number, last?: "D" | "G" | "", runs?: Said[],
 * }} FrameOnly
 */

/** @typedef {FrameOnly & Said} Frame */

/**
 * @typedef {Decoded & {
 *   stamp: string, run: string, iteration: number, latents: number, axis: string, panels: Panel[],
 *   help: Record<string, HelpLine[]>,
 * }} MnistMessage
 */

/** @typedef {Decoded & {type: "curves", run: number, marks: {iteration: number, text: string}[]}} Curves */

/**
 * @typedef {object} Backend how a run is computed
 * @property {string} state
 * @property {number} [left] seconds until it is compiled
 * @property {string} [reason]
 * @property {number} [factor]
 */

/**
 * @typedef {Decoded & {
 *   type: "status", run: number, state: string, rate: number, speed: number, iteration: number, seed: number,
 *   values: Record<string, string | number>, query: string, message: string, refused?: {field: string, why: string} | null,
 *   replayed?: number, follow?: boolean, update_seconds?: number, backend?: Backend, chosen?: boolean,
 *   differs?: string[], story?: StoryNow, runs: RunNow[], seeds: number, says?: string, fields?: string[],
 *   complete: boolean, lab_query: string,
 * }} Status
 */

/** @typedef {Decoded & {type: "export", what: "python" | "json" | "csv" | "run", name: string, text: string}} ExportMessage */
/** @typedef {{type: "figure", run: number, request: number} & Record<string, any>} FigureMessage */
/** @typedef {Scene | Frame | Curves | Status | ExportMessage | FigureMessage} Message */
/** @typedef {{cmd: string} & Record<string, unknown>} Command */

// A view, and what is particular to one kind of view.

/** @typedef {{act: string, run?: number, name?: string}} Act what a page is told of a button */

/**
 * @typedef {object} Settings of a live view, by its page
 * @property {string} socket its address
 * @property {string} plotly its address
 * @property {string[]} labs addresses, by dimension
 * @property {string[]} others what other pages are called
 * @property {() => void} [onLost] the connection
 * @property {() => void} [onBack] the connection
 * @property {() => void} [onGone] the server has no such session
 * @property {(seed: number) => void} [onOpen] in its lab
 * @property {(what: Act) => void} [onAct]
 */

/**
 * @typedef {object} Shell what a renderer is given
 * @property {HTMLElement} root
 * @property {Settings} settings
 * @property {Set<string>} hidden layers
 * @property {(command: Command) => boolean} send
 * @property {(what: Act) => void} act
 * @property {() => void} layout
 */

/**
 * @typedef {object} Renderer what is particular to one kind of view
 * @property {(scene: Scene) => void} scene a new run: what it stands on
 * @property {(frame: Frame | null) => void} draw all of the picture; null: no frame has come
 * @property {(width: number, height: number, theme: Theme) => void} resize of the picture's box; nothing need be drawn
 * @property {HTMLElement[]} nodes in the picture's box
 * @property {string} curvesLabel what the canvas of curves is called
 * @property {HTMLElement} [above] the picture and the curves
 * @property {HTMLElement} [aboveCurves]
 * @property {string[]} [classes] of the root
 * @property {boolean} [hasLayers] words below the picture switch its layers
 * @property {boolean} [follows] the axes can follow G
 * @property {boolean} [many] the toolbar is of many seeds
 * @property {boolean} [whole] runs move by whole iterations
 * @property {() => Record<string, HTMLElement>} [hosts] where still figures go, by their names; none: there are none
 * @property {() => Size} [size] of the picture in a still figure
 * @property {(scene: Scene) => boolean} [stays] whether the old picture may stay until the new one's first frame
 * @property {() => void} [reveal] the new picture takes the old one's place
 * @property {(height: number, u: number) => number} [need] the width that square pictures of a height can use
 * @property {() => number | undefined} [share] of the width that the pictures may have
 * @property {(curves: Curves) => boolean} [curves] whether the picture shows them, too
 * @property {(status: Status) => void} [status]
 */

/**
 * @typedef {object} Picture
 * @property {(width: number, height: number, theme: Theme, hidden: Set<string>) => void} resize
 * @property {(ctx: CanvasRenderingContext2D, frame: Frame | null) => void} draw
 */

/** @typedef {{react: (host: HTMLElement, data: unknown, layout: unknown, config: unknown) => Promise<void>, purge: (host: HTMLElement) => void}} Plotly */

export {};
