/** The screen's own texts in each language it has, and the choice among a hall's texts. */

/** Languages with a complete set of texts; a hall's other languages are ignored. */
const WORDS = {
  zh: {
    page: "叫号屏",
    nowCalling: "现在叫号",
    calledAgain: "再次呼叫",
    goTo: (stage) => `请到${stage && stage.length <= 4 ? stage : "窗口"}`,
    lastShown: "最后显示的叫号",
    stage: (stage) => (stage && stage.length <= 4 ? stage : "窗口"),
    unit: (stage, numbered) => (numbered ? `号${stage || "窗口"}` : stage || "窗口"),
    noCalls: "尚无叫号",
    noCallsHint: "叫到的号码会显示在这里",
    noneOpen: "目前没有开放的窗口",
    noneOpenHint: "窗口开放后即开始叫号",
    closed: "现在未开放",
    opens: (when) => `${when} 开放`,
    callsLabel: "叫号",
    waitsLabel: "等候情况",
    minutes: "预计分钟",
    minutesShort: "分钟",
    rangeLabel: (from, to) => `约 ${from} 至 ${to} 分钟`,
    waiting: "人等候",
    noNew: "不再发号",
    fullToday: "今天已排满",
    standbyOnly: "今天只能候补",
    waitUnknown: "等候时间暂无法显示",
    waitUnknownShort: "暂无法显示",
    join: "、",
    online: "网上即可办理，无需到场",
    onlineHead: "网上即可办理，无需到场：",
    standbyHead: (count) => `候补 ${count} 人`,
    standby: "有空档即叫号",
    standbyOrBook: (when) => `有空档即叫号；可约${when}`,
    openUntil: (time) => `开放至 ${time}`,
    openUntilHint: "取号、签到请在此之前",
    closedSince: (time) => `${time} 已停止取号`,
    closedSinceHint: "已取的号码请留意叫号",
    noNumbers: "今天不再取号",
    noNumbersHint: "没有办到的，改日回来扫小票，不用重新排队",
    numbersFrom: (time) => `${time} 开始取号`,
    noNotice: "叫到您的号码时，请到所示窗口",
    live: (time) => `实时信息，截至 ${time}`,
    stale: (time, age) => `本屏暂停更新，以下为 ${time} 的信息（${age}）。请留意广播，或询问工作人员`,
    unreached: "本屏暂时没有连上。请留意广播，或询问工作人员",
    age: (minutes) => (minutes < 1 ? "不到 1 分钟前" : minutes < 60 ? `${minutes} 分钟前` : `${Math.floor(minutes / 60)} 小时前`),
    valid: "您的号码仍然有效，排队顺序不变",
    reconnecting: (zone) => (zone ? `屏幕 ${zone} 正在重新连接` : "本屏正在重新连接"),
    kiosk: "取号、签到请询问工作人员",
    scan: "扫码取号或签到",
    scanLabel: "取号二维码",
    connecting: "正在连接",
    connectingHint: "叫号信息马上显示",
    lost: "本屏已停止更新",
    lostHint: (time) => `最后的信息是 ${time} 的，已不再显示。请留意广播，或询问工作人员。您的号码仍然有效，排队顺序不变`,
    unknownZone: (zone) => `这个大厅没有名为“${zone}”的区域`,
    unknownHall: (hall) => `没有名为“${hall}”的大厅`,
    checkAddress: "请工作人员核对本屏的网址",
    suspended: "业务暂停办理，请听从工作人员指引",
    resumesAt: (time) => `预计 ${time} 恢复`,
    resumesOn: (when) => `预计${when} 恢复`,
    sound: "点击开启声音",
  },
  en: {
    page: "Lobby screen",
    nowCalling: "Now calling",
    calledAgain: "Called again",
    goTo: (stage) => `Go to ${stage && stage.length <= 10 ? stage[0].toLowerCase() + stage.slice(1) : "counter"}`,
    lastShown: "Last call shown",
    stage: (stage) => (stage && stage.length <= 10 ? stage : "Counter"),
    unit: (stage) => stage || "Counter",
    noCalls: "No calls yet",
    noCallsHint: "Called numbers appear here",
    noneOpen: "No counter is open now",
    noneOpenHint: "Calls begin when counters open",
    closed: "Closed now",
    opens: (when) => `Opens ${when}`,
    callsLabel: "Calls",
    waitsLabel: "Waits",
    minutes: "min",
    minutesShort: "min",
    rangeLabel: (from, to) => `${from} to ${to} minutes`,
    waiting: "waiting",
    noNew: "No new numbers",
    fullToday: "Full today",
    standbyOnly: "Standby only today",
    waitUnknown: "Wait not known now",
    waitUnknownShort: "not known now",
    join: ", ",
    online: "is online. No visit needed.",
    onlineHead: "Online, no visit needed: ",
    standbyHead: (count) => `${count} on standby.`,
    standby: "Called if time frees up.",
    standbyOrBook: (when) => `Next bookable: ${when}`,
    openUntil: (time) => `Open until ${time}`,
    openUntilHint: "Please take a number or check in before then",
    closedSince: (time) => `No new numbers since ${time}`,
    closedSinceHint: "If you have a number, please wait for your call",
    noNumbers: "No more numbers today",
    noNumbersHint: "Not served? Come back another day and scan your slip: no new queue",
    numbersFrom: (time) => `Numbers from ${time}`,
    noNotice: "When your number is called, please go to the counter shown.",
    live: (time) => `Live, as of ${time}`,
    stale: (time, age) => `This screen is not updating. It shows ${time} (${age}). Please listen for calls or ask our staff.`,
    unreached: "This screen is not connected. Please listen for calls or ask our staff.",
    age: (minutes) => (minutes < 1 ? "less than a minute ago" : minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`),
    valid: "Your number is still valid and your place is kept.",
    reconnecting: (zone) => (zone ? `Screen ${zone} is reconnecting` : "This screen is reconnecting"),
    kiosk: "Please ask our staff to take a number or check in",
    scan: "Scan to take a number or check in",
    scanLabel: "QR code to take a number",
    connecting: "Connecting",
    connectingHint: "Calls will be shown in a moment",
    lost: "This screen has stopped updating",
    lostHint: (time) => `Its last news, from ${time}, is no longer shown. Please listen for calls or ask our staff. Your number is still valid and your place is kept.`,
    unknownZone: (zone) => `This hall has no zone "${zone}"`,
    unknownHall: (hall) => `There is no hall "${hall}"`,
    checkAddress: "Staff: please check the address of this screen",
    suspended: "Service is paused. Please follow our staff.",
    resumesAt: (time) => `Expected back at ${time}`,
    resumesOn: (when) => `Expected back ${when}`,
    sound: "Tap for sound",
  },
};

/**
 * Whether a counter is a number, as in "counter 3", and not a name such as P1.
 * @param {string} counter
 */
export function isNumbered(counter) {
  return /^[0-9]+$/.test(counter);
}

/**
 * @typedef {{tag: string, key: "zh" | "en", text: string | (string | Node)[]}} Said one text in one language
 * @typedef {Record<string, string>} Translated a text by language tag, as the hall wrote it
 */

/** The texts of one hall's screen, in the hall's languages and their order. */
export class Words {
  /** @param {string[]} [tags] the hall's languages; if none is supported, all supported ones */
  constructor(tags = []) {
    const known = tags.map((tag) => ({ tag, key: base(tag) })).filter(({ key }) => key in WORDS);
    this.languages = known.length > 0 ? known : [{ tag: "zh-CN", key: "zh" }, { tag: "en", key: "en" }];
  }

  /**
   * One of the screen's own texts in every language of the hall.
   * @param {string} name
   * @param {...unknown} values for texts with placeholders; a `Said[]` gives each language its own
   * @returns {Said[]}
   */
  say(name, ...values) {
    return this.languages.map((language, index) => {
      const word = WORDS[language.key][name];
      const own = values.map((value) => (Array.isArray(value) ? (value.find((said) => said.key === language.key) ?? value[index])?.text : value));
      return { ...language, text: typeof word === "function" ? word(...own) : word };
    });
  }

  /**
   * A hall's text in each language of the hall that it has; if it has none of them, in any language it has.
   * @param {Translated | null | undefined} texts
   * @returns {Said[]}
   */
  of(texts) {
    const given = Object.entries(texts ?? {}).filter(([, text]) => typeof text === "string" && text !== "");
    const found = this.languages.flatMap((language) => {
      const match = given.find(([tag]) => tag === language.tag) ?? given.find(([tag]) => base(tag) === language.key);
      return match ? [{ ...language, text: match[1] }] : [];
    });
    if (found.length > 0 || given.length === 0) return found;
    const [tag, text] = given[0];
    return [{ tag, key: base(tag), text }];
  }
}

function base(tag) {
  return String(tag).toLowerCase().split(/[-_]/)[0];
}
