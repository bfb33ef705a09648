/**
 * The manager's page: the list of sections on the left, the current section in the middle, and on the right, while the hall document
 * is edited, the effect that saving would have.
 *
 * One function draws each section from the current facts. Edits belong to the draft, not to the section: they stay when the manager
 * opens another section.
 */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { pick } from "/pages/language.js";
import { untilRead } from "/pages/first.js";
import { Live } from "/pages/live.js";
import { signedIn } from "/pages/session.js";
import { languageNow, say, sayInto, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { wordsOf } from "/pages/ui.js";
import "/pages/theme.js";
import { bookings } from "/pages/bookings/section.js";
import { invitations } from "/pages/invitations/section.js";
import { showLink, tell } from "./page-status.js";
import { mergeDialog } from "./conflict.js";
import { setCurrentYear } from "./describe.js";

import { effectPanel } from "./effect.js";
import { Draft } from "./model/draft.js";
import { sectionOf } from "./model/schema.js";
import { action, keepFocus } from "./parts.js";
import { booking } from "./sections/booking.js";
import { find } from "./sections/find.js";
import { history } from "./sections/history.js";
import { hours } from "./sections/hours.js";
import { learned } from "./sections/learned.js";
import { messages } from "./sections/messages.js";
import { notices } from "./sections/notices.js";
import { people } from "./sections/people.js";
import { places } from "./sections/places.js";
import { privacy } from "./sections/privacy.js";
import { rules } from "./sections/rules.js";
import { today } from "./sections/today.js";

/** The sections by name. `words`: a file of texts that is read when the section is opened first. @type {Record<string, {title: string, draw: (ui: import("./parts.js").Ui) => Node[], ofDocument?: boolean, words?: string}>} */
const SECTIONS = {
  today: { title: "today-title", draw: today },
  bookings: { title: "manage-bookings", draw: bookings, words: "bookings" },
  hours: { title: "hours-title", draw: hours, ofDocument: true },
  places: { title: "places-title", draw: places, ofDocument: true },
  booking: { title: "booking-title", draw: booking, ofDocument: true },
  rules: { title: "rules-title", draw: rules, ofDocument: true },
  invitations: { title: "manage-invitations", draw: invitations, words: "invitations" },
  notices: { title: "notices-title", draw: notices },
  messages: { title: "messages-title", draw: messages },
  people: { title: "people-title", draw: people },
  find: { title: "find-title", draw: find },
  history: { title: "history-title", draw: history },
  learned: { title: "learned-title", draw: learned },
  privacy: { title: "privacy-title", draw: privacy },
};
const FIRST = "today";

const element = (id) => document.getElementById(id);
const hallId = decodeURIComponent(location.pathname.split("/")[2]);

class ManagerPage {
  #call = inHall(hallId);
  #draft = new Draft(this.#call);
  #hall = null;
  #who = null;
  /** @type {Live | null} */
  #live = null;
  #facts = null;
  #board = null;
  #merging = false;
  /** Whether the session ended while the page was open. */
  #isOut = false;
  /** On a phone, whether the list of sections is unfolded. */
  #isMenuOpen = false;
  #section = "";
  #ending = new AbortController();
  #panelEnding = new AbortController();
  #onFacts = () => undefined;

  async start() {
    const hall = await untilRead(() => this.#readHall(), texts("common", "manage"));
    document.addEventListener("paihao:language", () => this.#drawTexts());
    this.#hall = hall.body;
    this.#drawTexts();
    const { session, roles } = await signedIn(hallId, ["manager"]);
    this.#who = { session, roles };
    document.addEventListener("paihao:signed-in", ({ detail }) => this.#signedInAgain(detail));
    document.addEventListener("paihao:signed-out", () => {
      this.#isOut = true;
      for (const id of ["effect", "dock"]) element(id).hidden = true;
    });
    document.querySelector("account-menu").show(session);
    await this.#startHall();
  }

  async #startHall() {
    const [board] = await untilRead(() => Promise.all([this.#call("GET", "board"), this.#draft.read()]), undefined, tell);
    setCurrentYear(board.body.at);
    this.#board = board.body;
    this.#draft.addEventListener("theirs", () => this.#merge());
    this.#draft.addEventListener("change", () => this.#drawMarks());
    this.#draft.addEventListener("effect", () => this.#drawMarks());
    this.#draft.addEventListener("reset", () => this.#onReset());
    this.#live = new Live({
      hall: this.#hall,
      read: () => this.#read(),
      onFacts: (facts) => this.#onRead(facts),
      onLink: (link) => this.#showLink(link),
      onBoard: () => this.#facts && this.#onRead(this.#facts),
    });
    this.#live.clock.heard(Date.parse(this.#board.at)); // until the first frame arrives
    this.#live.start();
    globalThis.addEventListener("hashchange", () => this.#open());
    globalThis.addEventListener("focus", () => this.#draft.read().catch(() => undefined));
    globalThis.addEventListener("beforeunload", (event) => this.#draft.isDirty && event.preventDefault());
    this.#open();
  }

  #readHall() {
    return call("GET", `/v1/halls/${encodeURIComponent(hallId)}`);
  }

  async #read() {
    const [queue, desk, hall] = await Promise.all([this.#call("GET", "queue"), this.#call("GET", "desk"), this.#readHall()]);
    return { queue: queue.body, desk: desk.body, hall: hall.body, day: queue.body.day, seq: Math.min(queue.body.seq, desk.body.seq) };
  }

  #onRead(facts) {
    if (this.#live.board) {
      this.#board = this.#live.board;
      setCurrentYear(this.#board.at);
    }
    this.#facts = facts;
    this.#hall = facts.hall;
    this.#drawHeader();
    this.#onFacts();
    document.body.dataset.facts = "read";
    usable();
  }

  async #signedInAgain(found) {
    const isOther = found.session.account?.id !== this.#who.session.account?.id;
    this.#isOut = false;
    this.#who = found;
    document.querySelector("account-menu").show(found.session);
    if (isOther && this.#section) this.#draw(); // another manager must not see personal data that the previous one typed
    this.#drawPanel();
    this.#draft.requestEffect(); // it may have been refused while nobody was signed in; the edits have stayed
    await this.#live?.now();
  }

  /** @returns {import("./parts.js").Ui} */
  #ui(signal) {
    const page = this;
    return {
      get hall() {
        return page.#hall;
      },
      call: this.#call,
      draft: this.#draft,
      times: new HallTimes(this.#hall.time_zone),
      who: this.#who,
      facts: () => this.#facts && { ...this.#facts, board: this.#live?.board ?? this.#board },
      now_ms: () => this.#live.clock.now(),
      today: () => this.#live?.board?.day ?? this.#board.day,
      signal,
      onFacts: (act) => {
        this.#onFacts = act;
      },
      redraw: () => keepFocus(() => this.#draw()),
      tell,
      fail: (reason) => this.#fail(reason),
      refresh: () => this.#live.now(),
    };
  }

  async #open() {
    const wanted = location.hash.slice(1);
    const section = Object.hasOwn(SECTIONS, wanted) ? wanted : FIRST;
    const { words } = SECTIONS[section];
    if (words !== undefined) {
      try {
        await texts(words);
      } catch {
        tell(say("problem-unreached"));
        return;
      }
      if (location.hash.slice(1) !== wanted) return; // the manager has opened another section
    }
    const isOther = section !== this.#section && this.#section !== "";
    this.#section = section;
    this.#isMenuOpen = false;
    this.#draw();
    this.#drawPanel();
    if (SECTIONS[section].ofDocument && isOther) this.#draft.read().catch(() => undefined);
    if (isOther) {
      scrollTo(0, 0);
      element("form").scrollTo(0, 0); // on a wide screen the section scrolls separately
      element("title")?.focus({ preventScroll: true });
    }
  }

  #draw() {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#onFacts = () => undefined;
    document.title = `${say(SECTIONS[this.#section].title)} · ${pick(this.#hall.name, languageNow()).text}`;
    document.body.dataset.section = this.#section;
    element("form").replaceChildren(...SECTIONS[this.#section].draw(this.#ui(this.#ending.signal)));
    this.#drawSide();
  }

  /** Show the effect beside each section of the document, and beside other sections while there are unsaved edits. */
  #drawPanel() {
    const isShown = SECTIONS[this.#section].ofDocument || this.#draft.isDirty;
    document.body.classList.toggle("has-effect", isShown);
    element("effect").hidden = !isShown;
    this.#panelEnding.abort();
    this.#panelEnding = new AbortController();
    if (isShown) effectPanel(element("effect"), this.#ui(this.#panelEnding.signal), { go: (section, id) => this.#go(section, id), merge: () => this.#merge() });
    this.#drawDock();
  }

  /** Draw what shows that there are unsaved edits. */
  #drawMarks() {
    if (this.#isOut) return;
    const isShown = SECTIONS[this.#section]?.ofDocument || this.#draft.isDirty;
    if (this.#section && isShown === element("effect").hidden) this.#drawPanel();
    this.#drawSide();
    this.#drawDock();
  }

  /** The draft was replaced: draw the section again. If the focused button is gone, focus the title. */
  #onReset() {
    if (this.#section === "") return;
    if (SECTIONS[this.#section].ofDocument) keepFocus(() => this.#draw());
    if (!document.activeElement?.checkVisibility?.() || document.activeElement === document.body) element("title").focus({ preventScroll: true });
  }

  /** Draw the bar that leads to the effect and to saving, at the lower edge of a phone. */
  #drawDock() {
    const dock = element("dock");
    dock.hidden = !this.#draft.isDirty;
    if (dock.hidden) return;
    const { effect } = this.#draft;
    const words = effect.state === "known" ? say("dock-known", { count: this.#draft.differences.length }) : say(effect.state === "faulty" ? "effect-faulty" : "effect-asking");
    const look = action({ fail: (reason) => this.#fail(reason) }, say("dock-look"), () => {
      element("effect").scrollIntoView({ block: "start" });
      element("save")?.focus({ preventScroll: true });
    }, { id: "dock-look" });
    keepFocus(() => dock.replaceChildren(make("span.grow", { role: "status" }, words), look));
  }

  #drawSide() {
    if (this.#section === "") return;
    const edited = new Set(this.#draft.differences.map(({ path }) => sectionOf(path)));
    const wrong = new Set(this.#draft.effect.faults.map(({ path }) => sectionOf(path)));
    const links = Object.entries(SECTIONS).map(([name, { title }]) =>
      make(
        "a",
        { href: `#${name}`, id: `to-${name}`, "aria-current": name === this.#section ? "page" : null },
        make("span.grow", {}, say(title)),
        wrong.has(name) ? make("span.tag.over", {}, say("thing-wrong")) : edited.has(name) ? make("span.tag.changed", {}, say("unsaved")) : null,
      ),
    );
    const menu = make("button.button", { type: "button", id: "side-menu", "aria-expanded": String(this.#isMenuOpen), "aria-controls": "side-links" }, say(SECTIONS[this.#section].title));
    menu.addEventListener("click", () => {
      this.#isMenuOpen = !this.#isMenuOpen;
      this.#drawSide();
    });
    keepFocus(() => element("side").replaceChildren(menu, make(this.#isMenuOpen ? "div.side-links.is-open" : "div.side-links", { id: "side-links" }, links)));
  }

  #go(section, id) {
    if (section !== this.#section) {
      globalThis.history.pushState(null, "", `#${section}`);
      this.#open();
    }
    const target = element(id);
    for (let outer = target?.closest("details:not([open])"); outer; outer = outer.parentElement.closest("details:not([open])")) outer.open = true;
    const found = element(id) ?? nearest(id);
    found?.focus();
    found?.scrollIntoView({ block: "center" });
  }

  async #merge() {
    if (this.#merging || this.#draft.theirs === null) return;
    this.#merging = true;
    try {
      await mergeDialog(this.#draft);
    } finally {
      this.#merging = false;
    }
  }

  #drawTexts() {
    sayInto();
    this.#drawHeader();
    if (this.#section === "") return;
    this.#showLink(this.#live.link);
    this.#draw();
    this.#drawPanel();
  }

  #drawHeader() {
    const { text, lang } = pick(this.#hall.name, languageNow());
    element("hall").textContent = text;
    element("hall").lang = lang ?? document.documentElement.lang;
    const times = new HallTimes(this.#hall.time_zone);
    const until = times.closing((this.#live?.board ?? this.#board)?.closing_at ?? null, this.#hall.opens_at);
    const open = element("open");
    open.hidden = false;
    open.className = this.#hall.open && !this.#hall.suspended ? "tag open" : "tag";
    if (this.#hall.suspended) open.textContent = say("hall-suspended");
    else if (this.#hall.open) open.textContent = until ? say("hall-open-until", { time: until }) : say("hall-open");
    else open.textContent = say("hall-closed");
  }

  #showLink(link) {
    showLink(link, () => say("stale", { time: new HallTimes(this.#hall.time_zone).time(this.#live.truthAt_ms || this.#live.clock.now()) }));
  }

  #fail(reason) {
    tell(wordsOf(reason));
  }
}

/** The element of the nearest enclosing path, if the field itself is not drawn. */
function nearest(id) {
  const steps = id.split("-");
  while (steps.length > 1) {
    steps.pop();
    const found = element(steps.join("-"));
    if (found) return found;
  }
  return element("title");
}

new ManagerPage().start();
