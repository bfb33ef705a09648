/**
 * Meanings of parameters in Chinese, by their English description, so that a parameter of many calls is translated once.
 *
 * A test checks that it is complete.
 */

/** @type {Record<string, string>} */
export const CHINESE = {
  // in paths
  "The hall's id.": "大厅的编号。",
  "The counter's id.": "窗口的编号。",
  "The notice's id.": "通知的编号。",
  "The ticket's id, a UUID.": "号的编号，UUID。",
  "The appointment's id, a UUID.": "预约的编号，UUID。",
  "The account's id, a UUID.": "账号的编号，UUID。",
  "The device's id, a UUID.": "设备的编号，UUID。",
  "The alarm's id, a UUID.": "求助的编号，UUID。",
  "The invitation's id, a UUID.": "邀请的编号，UUID。",
  "The message's id, a UUID.": "消息的编号，UUID。",
  // in headers
  "A request repeated with the same key gets the same answer and has no second effect.": "同一个键再用一次：答复相同，不会再做一遍。",
  "The ETag of the document that this request replaces.": "所替换的大厅文档的 ETag。",
  "The code of an invitation: what its guest can book.": "邀请码：答复受邀人可以预约的时间。",
  // of lists
  "The page size. The default is 50.": "多少个；不指定时为 50。",
  "The number of halls. The default is 1000.": "多少个大厅；不指定时为 1000。",
  "The `next_cursor` of the previous page.": "上一页的 `next_cursor`。",
  "Only tickets of this service.": "只要这个事项的号。",
  "Only tickets in this state.": "只要这种状态的号。",
  "Only messages in this state. The default is messages that could not be sent.": "这种状态的消息；不指定时为没能发出的。",
  "The `batch` in the answer of an import.": "导入的答复中的 `batch`。",
  "A zone of the hall. The default is the whole hall.": "大厅的一个区域；不指定时为整个大厅。",
  // dates
  "A date in the hall's time zone. The default is today.": "大厅的日期；不指定时为今天。",
  "A date of the hall. The default is today.": "大厅的日期；什么都不指定时为今天。",
  "A date of the hall, at most 61 days later. The default is the end of the booking horizon.": "大厅的日期，最多晚 61 天；不指定时到可预约的最后一天。",
  "A date in UTC. The default is today.": "UTC 日期；不指定时为今天。",
  "The first date. The default is `to`, or today.": "第一天；不指定时为 `to` 的那天，或今天。",
  "The last date, at most 61 days later. The default is today.": "最后一天，最多晚 61 天；不指定时为今天。",
  // what can be booked, and by whom
  "A service of the hall. The default is all bookable services.": "大厅的一个事项；不指定时为可以预约的全部事项。",
  "The number of people. The default is 1.": "几个人；不指定时为 1。",
  "The partner's device id if a manager imports. The default is the hall itself.": "由负责人导入时，邀请归谁：合作单位设备的编号；不指定时归大厅。",
  "Until when the invitations give a right to the places reserved for the partner.": "到什么时候为止可用留给合作单位的名额。",
  "all (the default) stores nothing if a line has an error; good stores the lines without errors.": "不指定时为 all：有一行有问题就什么都不存；good：没有问题的照存。",
  // of an act
  "1 changes nothing and answers what would change.": "1：什么都不改，只答复会有什么变化。",
  "1 ends all sessions of the account.": "1：该账号的所有登录。",
  "1 keeps future appointments, without a name.": "1：还没到的预约留着，不再属于任何人。",
  "The page to return to: a path of this service.": "登录后要回到的页面，本站的路径。",
  "The authorization code from the provider.": "登录服务方交给浏览器的。",
  "The state that this service sent to the provider.": "我们交给浏览器的。",
};
