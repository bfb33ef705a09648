### 窗口页面。

## 窗口与状态

counter-numbered = { $counter } 号{ $stage }
counter-named = { $stage } { $counter }
counter-untitled = 窗口 { $counter }
counter-stage = 窗口
counter-state = { $state ->
    [open] 开放
    [paused] 暂停
   *[closed] 未开放
  }
to-counter = 到 { $counter }
list-join = {"、"}
ticket-class = { $class ->
    [green] 绿色通道
    [appointment] 预约
    [returning] 返回
   *[walk_in] 现场
  }
people = { $count } 人
minutes = { $minutes } 分钟

## 当前的人

person-title = { $as ->
    [here] 正在办理
    [called] 已叫号
   *[next] 下一位
  }
fact-service = 事项
fact-class = 类别
fact-people = 人数
fact-papers = 预审
fact-owed = 待补交
fact-waiting = 等候
fact-order = 次序
fact-then = 接着办
order-as-of = 按 { $time } 到达计
papers-complete = 材料齐全
papers-missing = 缺{ $papers }
papers-not-seen = 尚未预审
usual = 通常 { $minutes } 分钟
since-call = 自叫号起
nobody-idle = 现在没有人等候
nobody-about-idle = 有人来时，下一位显示在这里。
nobody-about-early = 已到的人已在队列中。
nobody-about-over = 今天的办理已结束，没有办到的人可以改日再来。
nobody-closed = 本窗口未开放
nobody-about-closed = 开放后，下一位显示在这里。
nobody-paused = 暂停办理
paused-until = 到 { $time }
paused-since = { $time } 开始

## 为什么先叫

why-title = 为什么先叫 { $number }：
why-credit = { $class ->
    [walk_in] { $time } 到达，先到先叫；{ others-after }
    [appointment] 预约提前 { $minutes } 分钟计，按 { $time } 到达排序；{ others-after }
    [green] 绿色通道提前 { $minutes } 分钟计，按 { $time } 到达排序；{ others-after }
   *[returning] 补件返回提前 { $minutes } 分钟计，按 { $time } 到达排序；{ others-after }
  }
why-early = 没有别人在等，预约的提前叫号。
why-standby = 没有别人在等，先叫候补第一位。
why-chosen = 由工作人员叫号（{ $reason }）；{ $others ->
    [0] 没有越过别人。
   *[other] 越过 { $others } 位。
  }
others-after = { $others ->
    [0] 没有别人在等。
   *[other] 其后还有 { $others } 位。
  }

## 主按钮

main-open = 开放窗口
main-resume = 继续办理
main-of-staff = 本窗口由工作人员办理
main-next = 叫下一位
main-nobody = 没有可叫的号
main-suspended = 暂停叫号
main-early = { $time } 开始叫号
main-over = 今天不再叫号
main-finish = 完成
main-advance = 转下一环节
main-finish-next = 完成并叫下一位
main-advance-next = 转下一环节并叫下一位
main-finish-pause = 完成后休息
main-complete-next = 材料齐全，叫下一位
main-complete = 材料齐全
main-complete-pause = 材料齐全，然后休息
main-park-next = 缺 { $count } 项，暂缓并叫下一位
main-park = 缺 { $count } 项，暂缓

## 其他操作

act-start = 开始办理
act-recall = 再叫一次
act-no-show = 过号
act-finish = 只完成
act-conditional = 容缺受理
act-refer = 转介他处
act-park = 暂缓
act-transfer = 转事项、窗口
act-put-back = 退回队列
act-papers = 材料清单
act-pause = 暂停
act-pause-after = 完成后休息
act-close = 关闭窗口
act-close-release = 关闭并退回队列
act-find = 叫别的号
act-bring-back = 签到、续办
act-green = 绿色通道
act-let-through = 先放行
act-open-some = 选择事项
choice-call = 叫到本窗口
choice-resume = 回到队列

## 对话框

reason = 原因
no-reason = 不说明
reasons-none = 本大厅还没有可选的原因，所以暂不能这样做。请管理者在“叫号规则”中添加。
missing-legend = 缺少的材料
conditional-title = 容缺受理 { $number }
conditional-none = 请勾选缺少的材料；不缺材料，请按“完成”。
due-on = 补交期限
due-hint = 期限内再来，不用重新排队。
park-title = 暂缓 { $number }
papers-title = { $number } 的材料
papers-about = 请勾选缺少的。都不勾，就是材料齐全。
papers-save = 记下
transfer-title = { $number } 转到别处
transfer-counter = 窗口
transfer-hint = 排队的位置不变。
any-counter = 先空出来的窗口
pause-title = 暂停办理
pause-for = 时长
open-ended = 到我继续为止
pause-when = 何时开始
pause-after = { $number } 办完以后
pause-now = 现在：{ $number } 退回队列原来的位置
close-title = 关闭本窗口？
close-about = { $number } 还在办理，将退回队列原来的位置，别的窗口可以叫。
open-title = 开放部分事项
open-legend = 事项
call-title = 不按次序叫 { $number }
call-about = 原因会记录下来，也会看到越过了几位。
green-title = { $number } 走绿色通道
green-about = 按提前 { $minutes } 分钟到达计。
find = 查找
find-title = 叫别的号
find-number = 号码
find-hint = 按小票上的写：A058，或 A58
find-none = 这里没有这个号码在等候。
slip-title = 有人来了
slip-label = 凭证码或号码
slip-hint = 用于预约、小票和邀请的凭证码，或补材料、过号后回来的人。
slip-none = 今天没有这个号码或凭证码，请再看一下小票。
slip-wrong-state = 这个号码不能续办：已经在队列里，或已经办完。
slip-confirm = 签到
slip-code-not-found = 没有这个凭证码，请再看一下。
slip-code-used = 这个凭证码已经用过。
slip-wrong-day = 这是{ $day }的。如是预约，可在预约页面改期。
slip-too-early = { $time } 开始签到。
slip-appointment-missed = 这个预约已过时未到，请取今天的号。
slip-appointment-not-found = 这个预约已经不在了。
slip-hold-expired = 暂留已过，请重新预约或取号。
slip-already-waiting = 此人已经有号。
invited-title = 办理哪个事项？
booked-for = { $class } { $time }
said-checked-in = { $number } 已在队列中
keys-title = 按键
close = 关闭
keys-on = 使用字母键
key-main = 主按钮
key-rest = 回到主按钮
key-find = 查找
key-undo = 撤销
key-move = 在队列中选择
key-paper = 标记材料
key-help = 全部按键

## 刚刚办的事

said-finished = { $number } 已完成
said-conditional = { $number } 已容缺受理，请在{ $day }前补交：{ $papers }
said-conditional-unnamed = { $number } 已容缺受理，请在{ $day }前补齐
said-referred = { $number } 已转介他处
said-finished-called = { $number } 已完成，{ $called } 已叫到 { $counter }
said-no-show = { $number } 已过号
said-recalled = { $number } 已再叫一次，共 { $count } 次
said-parked = { $number } 已暂缓
said-put-back = { $number } 已退回队列原来的位置
said-sent-on = { $number } 去下一环节
said-unserved = { $number } 今天没有轮到：大厅已结束今天的办理，请改日再来。
said-sent-to = { $number } 去 { $counter }
said-sent-for = { $number } 改办{ $service }，已在队列中
said-back = { $number } 已回到队列
said-green = { $number } 已走绿色通道
said-papers-complete = { $number } 材料齐全
said-papers-missing = { $number } 缺 { $count } 项材料
said-undone = 已撤销，{ $number } 回到本窗口
said-undone-open = 已撤销，窗口重新开放，{ $number } 回到本窗口
said-not-undone = { $number } 已经去了下一步，不能再撤销。
said-nobody = 现在没有人等候。
said-alarm = 已通知大厅全体工作人员，屏幕上不显示。
gone-here = { $number } 已不在本窗口。
gone-stop = { $number } 已不在本窗口。如仍要暂停或关闭，请再按一次。
gone-queue = { $number } 已不在队列中，这里不用再办了。
taken-elsewhere = { $number } 刚被叫到 { $counter }。按 Enter 叫 { $mine }。
taken-elsewhere-here = { $number } 刚被叫到 { $counter }，您这里叫到的是 { $mine }。
taken-elsewhere-none = { $number } 刚被叫到 { $counter }，现在没有别人等候。
suspended = 大厅暂停办理：{ $text }

## 窗口上的材料

checklist-legend = 材料：请标记缺少的
paper-there = 有
paper-missing = 缺

## 队列

waiting-count = { $count ->
    [0] 无人等候
   *[other] 等候 { $count } 人
  }
queue-order = 按叫号顺序
more-waiting = 还有 { $count } 位
standby-count = 候补 { $count }
parked-count = 暂缓 { $count }
parked-missing = 缺{ $papers }
mark-complete = 材料齐全
mark-missing = 缺材料

## 求助与连接

help = 求助
alarm-hall = 大厅
alarm-at = { $where } 求助，{ $time }
alarm-clear = 已有人处理
printer-low = 自助机 { $name }：打印纸快用完，{ $time }
printer-out = 自助机 { $name }：打印机缺纸，{ $time }
printer-away = 自助机 { $name }：打印机没有回应或不能打印，{ $time }
stale = 未连接，以下为 { $time } 的信息。您按下的操作会在恢复后办理，只办一次。
stale-never = 未连接。连接后即显示窗口。
