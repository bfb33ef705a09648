### 手机上的预约、取号，和自己的预约。

today = 今天
tomorrow = 明天
again = 再试一次
network-away = 网络已断开。已选、已填的内容都在，恢复后继续。
hall-old = 暂时连不上服务，以下为 { $time } 的信息；恢复后自动更新
people = { $count } 人

## 大厅

what-for = 您要办什么？
state-open = 开放中
state-closed = 未开放
state-suspended = 暂停办理
state-suspended-hint = 请听从工作人员指引，恢复后继续叫号。
state-opens = { $opens } 开放
state-doors-open = 已可取号，{ $opens } 开始叫号
wait-now = 现在来，等候 { $range } 分钟
standby-now = 今天已排满，可候补
full-now = 今天已排满
full-now-bookable = 今天已排满，可预约
late-now = 今天不一定轮到
bookable = 可预约
online-no-visit = 网上即可办理，无需到场
own-ticket = 您的号码
own-appointment = 您的预约
own-return = 可凭此号返回，{ $day }前有效
to-services = 看全部事项
to-rules = 叫号规则
invitation-have = 我有邀请码
invitation-label = 邀请码
invitation-use = 使用
invitation-used = 已带上邀请码 { $code }
invitation-drop = 去掉

## 事项

takes-about = 约 { $minutes } 分钟
please-bring = 请带好
please-have = 请备好
count-label = 几个人一起办？
walk-in-now = 不预约，现在来
wait-if-now = 现在来，预计等候
wait-unknown = 等候时间暂时不清楚。
standby-if-now = 今天的号已排满，现在取的是候补号：有空档即叫号。
full-if-now = 今天已无法在闭馆前办理。
late-if-now = 现在取号，今天不一定轮到您。没有轮到的，改日回来扫码，不用重新排队。
short-waits = 今天等候较短：{ $hours }（按目前估计）
quiet-hours = 今天来人较少：{ $hours }（按以往估计）
list-join = 、
online-title = 网上即可办理，无需到场
online-about = 不用跑一趟，也不用等。
online-open = 去网上办理
take-now = 现在取号
take-now-wait = 现在取号，等候 { $range } 分钟
take-standby = 现在取候补号
take-closed = 现在不发号。
take-at-door = 现在取号，请扫大厅门口屏幕上的二维码。
book-a-time = 预约时间

## 时间

time-title = 选日期和时间
move-title = 改到什么时间
now-at = 现约 { $when }
reading-times = 正在查可约的时间
soonest = 最早可约
take-soonest = 约这个
none-free = 四周内都已约满
none-free-hint = 您可以不预约直接来，或明天再看。
month-label = { $from }至{ $to }
day-free = 余{ $free }
day-full = 满
day-closed = 休
day-free-label = 有 { $free } 个时间可约
day-full-label = 已约满
day-closed-label = 没有可约的时间
morning = 上午
afternoon = 下午
slot-free = 余 { $free }
slot-full = 已满
slot-now = 您的
slot-held = 为您保留
hour-free = { $free } 个可约
hour-title = { $hour } 起
choose-an-hour = 选一个钟点，看具体时间。
choose-a-time = 请选一个时间
free-to-change = 可免费改约、取消
next-details = 下一步：填写联系方式
move-to-this = 改到这个时间

## 联系方式

details-title = 填写联系方式
details-name = 姓名
details-phone = 手机号
details-phone-hint = 用来提醒您。只填邮箱也可以。
details-email = 邮箱
details-privacy = 只用于这次预约，不会显示在屏幕上。
details-invited = 如果邀请您的单位已登记您的信息，这里可以不填。
details-wrong-name = 请填写姓名。
details-wrong-reach = 请填写手机号或邮箱。
details-wrong-phone = 看起来不像手机号，请核对。
details-wrong-email = 看起来不像邮箱，请核对。
next-review = 下一步：核对
kept-minutes = 为您保留到 { $until }，还有 { $minutes } 分钟
kept-seconds = 为您保留，还有 { $seconds } 秒
kept-over = 已不再保留
kept-standby = 约好后，您的候补号 { $number } 随即让出
keep-again = 再保留一次

## 核对

review-title = 请核对
fact-what = 事项
fact-when = 时间
fact-people = 人数
fact-invited = 按邀请登记的信息
book-now = 确认预约

## 预约

appointment-booked = 已约好
appointment-held = 尚未确认
appointment-cancelled = 已取消
appointment-cancelled-closed = 当天的办理已提前结束，这个预约已取消，谨致歉意。请另选时间预约。
appointment-hall-closed = 大厅在这个时间不开放，谨致歉意。请另选时间。
appointment-missed = 约定时间已过
appointment-checked-in = 已签到
code-hint = 到大厅扫码，或输入凭证码
arrive-hint = 提前 { $minutes } 分钟起可在大厅签到取号，约定时间前后叫号。
checked-in-elsewhere = 号码在您拿到的小票上。
to-my-ticket = 看我的号码
i-am-here = 我到了，签到
change-time = 改时间
late = 会晚到
add-to-calendar = 加入日历
cancel-appointment = 取消预约
keep-appointment = 保留预约
cancel-title = 取消这个预约？
cancel-about = 名额会马上给其他人。
book-again = 再约一次
late-title = 如果晚到
late-grace = { $until } 前到：仍按预约叫号，相当于比约定时间早到 { $minutes } 分钟。
late-kept = { $until } 前到：预约保留，按到场先后叫号。
late-over = { $until } 以后：预约作废，请取号或再约。
late-leave = 不改
late-later = 也可以现在改到更晚：
late-no-later = 一周内没有更晚的空位。

## 未能办理：先说事实，再给一条路

refused-slot-full = { $count ->
    [0] 这个时间刚刚约满，请换一天
   *[other] 这个时间刚刚约满，最近的空位是
  }
refused-slot-not-offered = 这个时间已不能约
refused-hall-full = { $count ->
    [0] 今天已无法在闭馆前办理
   *[other] 今天已无法在闭馆前办理，最早可约
  }
refused-hall-closed = 现在不发号
refused-hall-closed-until = 现在不发号，{ $when } 开放
refused-online-only = 网上即可办理，无需到场
refused-already-waiting = 这部手机已有号码 { $number }
refused-already-waiting-elsewhere = 这部手机已有号码，请打开取号时的页面
refused-not-standby = 您的号码 { $number } 已不在候补，请先查看
refused-already-booked = 您已有预约。可用我们发给您的链接改约或取消
refused-hold-expired = 这个时间为您保留了 10 分钟，现已不再保留
refused-hold-closed = 当天的办理已提前结束，这个时间不再为您保留，谨致歉意。请另选时间预约
refused-hold-gone = 这个时间已不再为您保留，请重新选择时间
refused-hold-limit = 这部手机已保留了几个时间。请确认一个，或 10 分钟后再选
refused-entrance-required = 现在取号，请扫大厅门口屏幕上的二维码
refused-too-early = { $when } 起可以签到
refused-wrong-day = 这是{ $day }的
refused-appointment-missed = 约定时间已过，请取号或再约
refused-appointment-not-found = 这里没有这个预约，请打开我们发给您的链接
refused-code-not-found = 本大厅没有这个邀请码，请核对
refused-code-used = 这个凭证码已经用过
