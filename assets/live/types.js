// Types of the values that modules exchange, for `tsc`; this file has no code.
// docs/protocol.md describes the contents of messages.

/** @typedef {{width: number, height: number}} Size in CSS pixels */
/** @typedef {{x: number, y: number, w: number, h: number}} Box in pixels */
/** @typedef {[red: number, green: number, blue: number]} Rgb 0 to 255 */
/** @typedef {Float32Array | Uint8Array | Int16Array | Int32Array} NumberArray */
/** @typedef {Record<string, NumberArray>} Arrays */
/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Context */
/** @typedef {[title: string, says: string, unit: string]} HelpLine */

/**
 * @typedef {Size & {window: number, narrow: boolean, beside?: number, u: number, alone?: boolean}} Room
 * the space for a view: window: the window's height; narrow: curves below the picture; beside: px of a lesson beside it; u: the text scale;
 * alone: the picture without curves
 */

/**
 * @typedef {object} Boxes elements of a view that get sizes
 * @property {HTMLElement} knobs
 * @property {HTMLElement} picture
 * @property {HTMLElement} timeline
 * @property {HTMLElement} legend
 * @property {HTMLElement} curves
 * @property {HTMLElement} main
 * @property {string} mark identifies their current sizes
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
 * @property {Uint32Array} field 256 colours of D(x) from 0 to 1, in the format of ImageData
 * @property {Rgb[]} labels of what belongs to label 0, 1, ...; they repeat
 * @property {Record<string, Rgb>} rgb
 * @property {(role: string) => string} role the colour of a part of the game
 * @property {(role: string) => string} ink its text colour
 */

/**
 * @typedef {object} Counters
 * @property {number} frames drawn
 * @property {number} gaps longer than 50 ms between frames of a run at full speed
 * @property {number} mounts views so far
 * @property {number} iteration
 * @property {string} state
 * @property {number} lastFrameAt
 * @property {boolean} socketOpen
 * @property {number | string} run
 * @property {string} waits what the first picture waits for, if the server says it
 * @property {number} [latents] seed of an MNIST run's preview
 */

// Messages of the server, as `decode` returns them: fields of the header, and arrays.

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
 * @property {string} [bars] the array of a frame that is drawn as bars
 * @property {string} [against] the array of the scene that they are compared with
 * @property {[number, number] | null} [ends] of the axis along which bars stand, if they are a histogram
 * @property {boolean} [keys] false: its curves are not named in its title
 * @property {string} [needs] a curve without which the panel is hidden
 * @property {boolean} [off] whether it is expected to stay hidden
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

/**
 * @typedef {object} LessonWords see ganlab/live/lesson.py
 * @property {string} name
 * @property {string} title
 * @property {string} question
 * @property {string} cite
 * @property {{
 *   title: string, text: [style: string, text: string][][], part: number, light: string[], ask: string, choices: string[],
 *   waits: boolean, hint: string, reveal: [style: string, text: string][][],
 *   offers: {text: string, set: Record<string, string | number>}[], does: {verb: string, name: string, value: any, times: number}[],
 *   link: {page: string, text: string} | null,
 * }[]} steps
 */

/**
 * @typedef {object} LessonNow
 * @property {number} step from 0
 * @property {boolean} done
 * @property {number} answer the number of the learner's choice; -1: none yet
 * @property {number} right that of the choice that came true; -1: none yet
 * @property {boolean} late whether it takes longer than it should
 * @property {number[]} ticked the steps that are done
 */

/** @typedef {{axis: string, centre: number, spread: number}} Unit of an axis: v · spread + centre is in the unit of the user's data */
/** @typedef {Pick<Scene, "box" | "units" | "latent" | "map" | "modes" | "layers"> & {label: string}} RunScene one of several runs, in a scene */
/** @typedef {{label: string, lost: string, jsd?: number | null}} RunNow one of several runs, in a status */

/**
 * @typedef {Decoded & {
 *   type: "scene", run: number, dim: 0 | 1 | 2, box: number[][], units?: Unit[], modes: number, map: boolean,
 *   latent: {kind: string, dim: number, lo: number, hi: number}, panels: Panel[], knobs: Knob[], layers: Layer[],
 *   readout: HelpLine[], seed: number, query: string, runs: RunScene[], seeds: number, fields?: string[], label?: string, axis?: string,
 *   scale: number, tiles: HelpLine[], lab_query: string, labels?: number, d_label?: number, story?: Story, lesson?: LessonWords, offers?: [name: string, words: string][],
 *   drawing?: Sketched,
 * }} Scene
 */

/**
 * @typedef {object} Sketched what can be drawn by hand, see ganlab/live/drawing.py
 * @property {"curve" | "ink"} kind
 * @property {boolean} own whether p_data is such a drawing
 * @property {[number, number][]} box the axes' ends
 * @property {[number, number][]} area where one can draw
 * @property {number[]} [heights] of a curve now
 * @property {number} [size] rows and columns of ink
 * @property {string} [ink] now, as `packed` writes it; empty for none
 */

/**
 * @typedef {object} Sheet what is drawn on: see sheet_curve.js and sheet_ink.js; places are in pixels
 * @property {string} hint
 * @property {boolean} sized whether the pen has a width
 * @property {() => string} says the place of the keys' pen, in words
 * @property {() => number[] | Uint8Array} values
 * @property {(values: number[] | Uint8Array) => void} set
 * @property {() => void} clear
 * @property {() => boolean} blank
 * @property {() => boolean} same whether nothing has changed
 * @property {() => Command} command that makes it p_data
 * @property {(width: number, erases: boolean) => void} [pen]
 * @property {(width: number, height: number, theme: Theme) => void} resize
 * @property {(x: number, y: number) => void} begin a stroke
 * @property {(x: number, y: number) => void} move
 * @property {(place: [number, number] | null) => void} point the pointer is here, and does not draw
 * @property {(key: string) => (() => void) | null} key what a key does; null: nothing
 * @property {(ctx: CanvasRenderingContext2D, focused: boolean) => void} draw
 */

/** @typedef {{side: "left" | "right" | "bottom" | "top", text: string, brief: string}} Beyond */

/**
 * @typedef {object} Said texts within a picture
 * @property {Beyond[]} [beyond] p_g beyond the axes
 * @property {string | null} [missing] where D has no value
 * @property {{text: string, brief: string} | null} [tails]
 */

/**
 * @typedef {Decoded & {
 *   type: "frame", run: number, iteration: number, d_updates?: number, g_updates?: number, last?: "D" | "G" | "",
 *   runs?: Said[],
 * }} FrameOnly
 */

/** @typedef {FrameOnly & Said} Frame */

/**
 * @typedef {Decoded & {
 *   stamp: string, run: string, iteration: number, latents: number, axis: string, panels: Panel[],
 *   help: Record<string, HelpLine[]>, sizes: Record<string, number | null>,
 * }} MnistMessage
 */

/** @typedef {{at: number, iteration: number, text: string, kind: "change" | "found" | "note"}} Flag on the timeline */

/** @typedef {Decoded & {type: "curves", run: number, marks: {iteration: number, text: string}[], flags?: Flag[]}} Curves */

/**
 * @typedef {object} Timeline the moment that is shown
 * @property {"updates" | "iterations"} unit
 * @property {number} first
 * @property {number} last
 * @property {number} at
 * @property {number} iteration
 * @property {boolean} past whether it is an earlier one
 * @property {number} wanted the one that is being computed; -1 for none
 * @property {number} done the share of its updates that is done
 * @property {boolean} exact
 * @property {number[]} [places] the only places that can be shown, ascending; missing: all
 */

/**
 * @typedef {object} Tape a stored recording: see tape.js
 * @property {"updates" | "iterations"} unit of places
 * @property {number} seconds that it plays
 * @property {number} seed
 * @property {string} name for files
 * @property {string[]} labels of the runs
 * @property {[iteration: number, how: string][]} lost where each run has diverged; 0 and "" if it has not
 * @property {number} count of frames
 * @property {number[]} at their places on the timeline
 * @property {number[]} iterations
 * @property {Scene} scene
 * @property {Curves} curves
 * @property {(i: number) => Frame} frame
 */

/**
 * @typedef {object} Backend how a run is computed
 * @property {string} state
 * @property {number | null} [left] seconds until it is compiled, if known
 * @property {string} [reason]
 * @property {number} [factor]
 */

/**
 * @typedef {Decoded & {
 *   type: "status", metrics: Record<string, number | null>, run: number, state: string, rate: number, speed: number, iteration: number, seed: number,
 *   values: Record<string, string | number>, query: string, message: string, refused?: {field: string, why: string} | null,
 *   replayed?: number, follow?: boolean, explains?: boolean, spectrum?: boolean, update_seconds?: number, backend?: Backend, chosen?: boolean,
 *   differs?: string[], story?: StoryNow, lesson?: LessonNow, runs: RunNow[], seeds: number, says?: string, fields?: string[],
 *   complete: boolean, lab_query: string, timeline?: Timeline,
 * }} Status
 */

/** @typedef {Decoded & {type: "export", what: string, name: string, text: string}} ExportMessage */
/**
 * @typedef {object} Part of an iteration
 * @property {"data" | "make" | "judge" | "d" | "d_again" | "g_make" | "ahead" | "slope" | "g" | "g_again"} kind
 * @property {"D" | "G"} player
 * @property {string} title
 * @property {string} says
 * @property {string[]} lit terms of the equation
 * @property {number} set number of its arrays
 * @property {number} d number of its field of D
 * @property {number} [d_after]
 * @property {number[]} [ahead]
 */

/**
 * @typedef {Decoded & {
 *   type: "parts", run: number, iteration: number, batch: number, shown: number, latent_dim: number,
 *   equation: [id: string, math: string][][], beside: string, note: string, parts: Part[],
 * }} Parts
 */

/**
 * The eigenvalues of the game at one moment, of the run or with another strength of R1.
 *
 * @typedef {object} GameSpectrum
 * @property {number | null} r1
 * @property {number} size
 * @property {number} count
 * @property {boolean} complete
 * @property {boolean} per_update
 * @property {number} rotation
 * @property {number | null} turn
 * @property {number} growing
 * @property {number | null} symmetric
 * @property {number | null} rotating
 * @property {number | null} share
 * @property {Record<string, {radius: number, step: number | null, why: string}>} rules
 */

/**
 * @typedef {Decoded & {
 *   type: "spectrum", run: number, iteration: number, refused: string, notes: string[], seconds: number, rule: string,
 *   r1: number, asked: number | null, titles: Record<string, string>, help: Record<string, HelpLine[]>, game: {query: string, help: HelpLine[]} | null, now: GameSpectrum | null, other: GameSpectrum | null,
 * }} SpectrumMessage
 */

/** @typedef {{title: string, own: boolean, mean: number, bias: number, error: number, variance: number, cosine: number | null}} EstimateRow */

/**
 * @typedef {Decoded & {
 *   type: "estimates", run: number, iteration: number, refused: string, seconds: number, exact: number | null, minibatches: number,
 *   batch: number, temperature: number, rows: EstimateRow[], help: Record<string, HelpLine[]>,
 * }} EstimatesMessage
 */

/** @typedef {Decoded & {type: "waits", text: string}} Waits */
/**
 * @typedef {Decoded & {
 *   type: "class", code: string, module: string, frozen: boolean, hidden: string[],
 *   question: import("./question.js").Asked | null, mine: number,
 * }} ClassMessage
 */
/** @typedef {{type: "figure", run: number, request: number} & Record<string, any>} FigureMessage */
/** @typedef {Scene | Frame | Curves | Status | Waits | ExportMessage | Parts | SpectrumMessage | EstimatesMessage | FigureMessage} Message */
/** @typedef {{cmd: string} & Record<string, unknown>} Command */

// A view, its connection, and its renderer.

/** @typedef {{act: string, run?: number, name?: string, token?: string, seed?: number, step?: number}} Act what a button asks of the page */

/**
 * @typedef {object} Client the shell's side of a connection, as the connection sees it
 * @property {{link: (text: string) => void}} bar shows the state of the connection
 * @property {{say: (text: string, alarm: boolean) => void}} banner
 * @property {() => void} opened
 * @property {(message: any) => void} message receives a decoded message of the server
 * @property {() => boolean} expects whether messages should arrive
 * @property {() => void} lost
 * @property {() => void} back
 * @property {() => void} gone the other side has no such session
 */

/** @typedef {{send: (command: Command) => boolean, close: () => void}} Link a connection; send: whether it could be sent */

/**
 * @typedef {object} WidgetModel of a notebook's view, as anywidget gives it
 * @property {(name: string) => any} get
 * @property {(content: unknown) => void} send
 * @property {(event: string, heed: (content: any, buffers: DataView[]) => void) => void} on
 * @property {(event: string, heed: (content: any, buffers: DataView[]) => void) => void} off
 * @property {WidgetManager} [widget_manager]
 */
/**
 * @typedef {object} WidgetManager of JupyterLab; others have less
 * @property {(key: string) => Promise<{comm_live?: boolean}> | undefined} get_model
 * @property {(key: string) => boolean} [has_model]
 * @property {{model?: {getMetadata?: (name: string) => any, setMetadata?: (name: string, value: any) => void}}} [context]
 */
/** @typedef {Link & {act: (what: Act) => void}} NotebookLink */

/**
 * @typedef {object} Settings of a live view, given by its page
 * @property {string} socket its address
 * @property {(client: Client) => Link} [connect] makes another connection than to that address; the page's address then stays
 * @property {boolean} [stored] whether it shows a stored recording, without what needs a server
 * @property {string} plotly its address; empty: there are no still figures
 * @property {string[]} labs addresses, by dimension
 * @property {string} [theory] the address of the page of theory
 * @property {(path: string) => string} [page] the address of another page
 * @property {string[]} others paths of other pages
 * @property {number} [largest] bytes of a run's file that can be opened; none can if it is missing
 * @property {{endings: string[], largest: number}} [tables] names' endings, and bytes, of tables of points that can be opened
 * @property {import("./shape.js").Shaped} [shape] what a teacher has locked or hidden
 * @property {import("./shaper.js").Parts} [shaping] what a teacher can lock or hide; missing on a page that has a shape
 * @property {() => void} [onLost] the connection was lost
 * @property {() => void} [onBack] the connection is back
 * @property {() => void} [onGone] the server has no such session
 * @property {(seed: number) => void} [onOpen] open a seed in its lab
 * @property {(what: Act) => void} [onAct]
 */

/**
 * @typedef {object} Shell the interface of the shell for a renderer
 * @property {HTMLElement} root
 * @property {Settings} settings
 * @property {Set<string>} hidden layers
 * @property {(command: Command) => boolean} send
 * @property {(what: Act) => void} act
 * @property {() => void} layout
 */

/**
 * @typedef {object} Renderer the specific part of one kind of view
 * @property {(scene: Scene) => void} scene start a new run with this scene
 * @property {(frame: Frame | null) => void} draw the whole picture; null: no frame has arrived
 * @property {(width: number, height: number, theme: Theme) => void} resize the picture's box, without drawing
 * @property {HTMLElement[]} nodes for the picture's box
 * @property {string} curvesLabel accessible name of the canvas of curves
 * @property {HTMLElement} [above] placed above the picture and the curves
 * @property {HTMLElement} [aboveCurves]
 * @property {string[]} [classes] of the root
 * @property {boolean} [hasLayers] whether there is a legend below the picture
 * @property {boolean} [follows] whether the axes can follow G
 * @property {boolean} [records] whether there is a timeline
 * @property {boolean} [sketches] whether p_data can be drawn by hand
 * @property {boolean} [forks] whether its moments can be compared with a change
 * @property {boolean} [many] whether the toolbar is for many seeds
 * @property {boolean} [whole] whether runs move by whole iterations
 * @property {() => Record<string, HTMLElement>} [hosts] the elements for still figures, by name; missing if there are none
 * @property {() => Size} [size] of the picture in a still figure
 * @property {(scene: Scene) => boolean} [stays] whether the old picture may stay until the new one's first frame
 * @property {(frame: Frame | null) => number | null} [judged] the mean of D(G(z)) in a frame; missing if there are several runs
 * @property {() => void} [reveal] replace the old picture by the new one
 * @property {(height: number, u: number) => number} [need] the width of square pictures of this height
 * @property {() => number | undefined} [share] the largest share of the width for the pictures
 * @property {(curves: Curves) => boolean} [curves] receives curves; returns whether the picture shows them
 * @property {(status: Status) => void} [status]
 * @property {(parts: Parts | null, index: number, progress: number) => void} [explained] draw a part of an iteration; missing if
 *   iterations cannot be explained
 * @property {typeof import("./estimates.js").estimatesPanel} [panel] what is computed on demand in place of the spectrum
 */

/**
 * @typedef {object} Picture
 * @property {(width: number, height: number, theme: Theme, hidden: Set<string>) => void} resize
 * @property {(ctx: CanvasRenderingContext2D, frame: Frame | null) => void} draw
 */

/**
 * @typedef {object} PartsPicture a picture of the parts of an iteration
 * @property {(width: number, height: number, theme: Theme) => void} resize
 * @property {(ctx: CanvasRenderingContext2D, parts: Parts | null, index: number, progress: number) => void} draw
 */

/** @typedef {{react: (host: HTMLElement, data: unknown, layout: unknown, config: unknown) => Promise<void>, purge: (host: HTMLElement) => void}} Plotly */

export {};

/**
 * One rule in a game, see ganlab/live/games.py.
 *
 * @typedef {object} GameRun
 * @property {string} rule
 * @property {string} title
 * @property {string} doc
 * @property {string} role
 * @property {string} dash
 * @property {string} refused
 * @property {number | null} [radius]
 * @property {number} [of] updates of which the eigenvalues are
 * @property {number | null} [predicted]
 * @property {{word: string, why: string, measured: number | null}[]} [verdicts] of each trajectory
 */

/**
 * @typedef {Decoded & {
 *   query: string, game: string, title: string, doc: string, watch: string, cite: string, equation: string,
 *   variables: [string, string], box: [number, number][], rest: [number, number][], starts: [number, number][],
 *   rules: string[], updates: number, games: [string, string][], choices: [string, string][],
 *   presets: [name: string, title: string, says: string, query: string][], knobs: Knob[],
 *   values: Record<string, string | number>, help: Record<string, HelpLine[]>, runs: GameRun[], notes: string[],
 *   parts: [number, number] | null, lab: {query: string, help: HelpLine[]} | null, python: string, file: string,
 * }} Game
 */

/** @typedef {{label: string, low: number, high: number, log: boolean, ticks: [number, string][]}} PanelAxis */

/**
 * One series of a panel, see ganlab/demonstrations/picture.py; `get` gives its arrays at a frame.
 *
 * @typedef {object} PanelSeries
 * @property {"line" | "area" | "dots" | "bars" | "arrows" | "heat"} kind
 * @property {string} role
 * @property {string} title
 * @property {boolean} right
 * @property {string} dash of a line
 * @property {boolean} thin of a line
 * @property {number} size of dots
 * @property {string[]} labels of dots
 * @property {number} width of bars
 * @property {(name: string, frame: number) => NumberArray} get
 * @property {(name: string) => number[]} shape
 */

/**
 * @typedef {object} PanelHandle
 * @property {string} label
 * @property {[number, number]} at
 * @property {string | null} x
 * @property {string | null} y
 * @property {string} role
 * @property {[number, number]} origin
 * @property {[number, number]} signs
 * @property {[number, number] | null} x_ends of the parameter
 * @property {[number, number] | null} y_ends
 */

/** @typedef {{param: string, label: string, role: string, now: number[], low: number, high: number}} PanelDraw */

/**
 * @typedef {object} ShownPanel see ganlab/demonstrations/picture.py
 * @property {string} name
 * @property {string} title
 * @property {string} note
 * @property {string | null} cursor
 * @property {boolean} equal
 * @property {number} share
 * @property {PanelAxis} x
 * @property {PanelAxis} y
 * @property {PanelAxis | null} right
 * @property {PanelSeries[]} series
 * @property {PanelHandle[]} handles
 * @property {PanelDraw[]} draws
 */

/** @typedef {{label: string, unit: string, by: string, how: string, values: string[], others: string[] | null}} ShownNumber */

/**
 * What the page of theory shows, see ganlab/live/theory.py.
 *
 * @typedef {Decoded & {
 *   query: string, figure: string, title: string, doc: string, watch: string, cite: string, equation: string,
 *   figures: [string, string][], knobs: Knob[], values: Record<string, string | number>, panels: ShownPanel[],
 *   numbers: ShownNumber[], says: string[],
 *   table: {columns: string[], rows: {text?: string, math?: string}[][], chosen: number | null} | null,
 *   frames: number, clock: string, first: number, notes: string[], lab: {dim: number, query: string, why: string} | null,
 *   python: string, file: string,
 * }} Theory
 */

/**
 * The answer to the page of matrix games, see ganlab/live/matrix.py; each tab has fields of its own.
 *
 * @typedef {Decoded & {
 *   tab: string, tabs: [name: string, title: string][], query: string, refused: {field: string, why: string}[],
 *   notes: string[], steps: number, help: Record<string, HelpLine[]>, python: string, file: string,
 * } & Record<string, any>} Matrix
 */
