### Bookings: the section of managers, and the page of staff who answer the phone.

bookings-title = 预约
bookings-about = 为来电者和现场人员查找、预约、改期、取消和签到。
bookings-desk = 工作人员有自己的预约页面
bookings-stale = 未连接，以下为 { $time } 的信息，连上后会自动更新
bookings-today = 今天
bookings-tomorrow = 明天

## Search

bookings-find = 查找
bookings-find-label = 查找预约
bookings-find-hint = 手机号、姓名、凭证码，或今天的号码。
bookings-found = 查找结果
bookings-found-more = 还有更多结果没有显示。
bookings-more = 显示更多
bookings-found-none = 这个手机号、姓名、凭证码或号码都没有找到。请问对方还可能用什么预约。
bookings-found-ticket = 号码 { $number }，{ $day }：{ $service }

## Booking and moving

bookings-book = 预约
bookings-book-at = 预约 { $day } { $time }
bookings-move = 改期
bookings-move-title = 改期
bookings-move-to = 改到 { $day } { $time }
bookings-moving = { $code } · { $service } · 现为 { $day } { $time }。占到新时间之前，原来的位置一直保留。
bookings-not-move = 不改了
bookings-no-service = 本大厅没有可以预约的事项。
bookings-service = 事项
bookings-count = 人数
bookings-count-head = 人数
bookings-people = { $count } 人
bookings-soonest = 最早可约
bookings-nothing-free = 可预约的日期内已没有空位。
bookings-month = 可预约的日期
bookings-day-left = 余{ $left }
bookings-day-full = 满
bookings-day-closed = 休
bookings-day-named = { $day }：{ $state }
bookings-times-of = { $day } 的时间
bookings-before-noon = 上午
bookings-after-noon = 下午
bookings-places-left = 余 { $left }
bookings-time-full = 已满
bookings-choose-first = 请先选时间。
bookings-name = 姓名
bookings-phone = 手机号
bookings-phone-hint = 也按它查找。
bookings-channel = 途径
bookings-channel-web = 网上
bookings-channel-qr = 扫码
bookings-channel-kiosk = 自助机
bookings-channel-staff = 现场
bookings-channel-hotline = 热线
bookings-made = 已预约，凭证码：
bookings-moved-told = 已改到 { $day } { $time }
bookings-made-told = 已预约 { $day } { $time }
bookings-moved = 已改期，凭证码不变：
bookings-its-code = 凭证码：
bookings-code-spelt = 凭证码 { $code }
bookings-read-out = 请对方记下凭证码。其中没有字母 I、L、O、U。
bookings-print = 打印
bookings-card-away = 完成

## A day

bookings-day = 当日预约
bookings-day-on = 日期
bookings-day-before = 前一天
bookings-day-after = 后一天
bookings-day-sum = { $count } 个预约
bookings-day-none = 没有预约。
bookings-day-over = 有 { $count } 个预约超出当天容量。预约仍然有效；增开窗口或改期可以腾出时间。
bookings-time = 时间
bookings-code = 凭证码
bookings-state = 状态
bookings-acts = 操作
bookings-held = 暂留
bookings-booked = 已预约
bookings-checked-in = 已签到
bookings-cancelled = 已取消
bookings-expired = 暂留已过
bookings-missed = 未到
bookings-over = 超出容量
bookings-open = 办理
bookings-open-one = 办理 { $time }，{ $code }
bookings-one = { $day } { $time } 的预约
bookings-check-in = 签到
bookings-show-code = 凭证码（读出或打印）
bookings-cancel = 取消预约
bookings-cancel-title = 取消 { $day } { $time } 的预约？
bookings-cancel-about = 位置会立即给其他人；留有邮箱的会收到通知。要换时间，请改期。
bookings-cancelled-told = 已取消，位置已空出。
bookings-checked-in-as = 已签到，号码 { $number }。

## Refusals: the reason, then what the person can do

bookings-not-made = 没有为 { $who } 约上 { $day } { $time }。
bookings-just-taken = 这个时间刚刚约满。
bookings-refused-slot-full = { $count ->
    [0] { $time } 刚刚约满，之后几天也没有空位。请另选日期。
   *[other] { $time } 刚刚约满，最近的空位：
  }
bookings-refused-slot-not-offered = { $time } 不能预约。请从显示的时间中选择。
bookings-refused-already-booked = 此人的预约数已到上限，或已有这个时间的预约。请按手机号查找，改期即可。
bookings-refused-hold-limit = 暂留的位置太多。请先确认或结束一个。
bookings-refused-hold-expired = 暂留已过。请重新选时间。
bookings-refused-wrong-state = 这个预约刚刚有变化，列表中是现在的情况。
bookings-refused-appointment-not-found = 这个预约已经不在了。
bookings-refused-too-early = { $time } 开始签到。
bookings-refused-wrong-day = 这是另一天的。预约可以改到今天。
bookings-refused-appointment-missed = 这个预约已过时未到。请为其取今天的号。
bookings-refused-code-used = 这个凭证码已经用过。
bookings-refused-code-not-found = 没有这个凭证码。请再核对一遍。
bookings-refused-body-invalid = 有一项不合适：请再看看姓名和手机号。
