### 发给申请人的消息：先说事实，再说怎么办。

date = { $month }月{ $day }日（{ $weekday ->
    [1] 周一
    [2] 周二
    [3] 周三
    [4] 周四
    [5] 周五
    [6] 周六
   *[7] 周日
}）

## 邮件标题

booked-subject = 已约好：{ date } { $time } { $service }
changed-subject = 预约已变更：{ date } { $time } { $service }
cancelled-subject = 预约已取消：{ date } { $time } { $service }
day-before-subject = 预约提醒：{ date } { $time } { $service }
hour-before-subject = 预约提醒：{ date } { $time } { $service }
near-subject = { $number } 前面还有 { $ahead } 位
missed-subject = 预约已过时：{ date } { $time } { $service }
closed-subject = 预约时间大厅不开放：{ date } { $time } { $service }

## 正文，也是短信全文

booked-text = { $hall }：已为您约好 { date } { $time } { $service }，凭证码 { $code }。到场后扫码或输入凭证码签到。
changed-text = { $hall }：您的预约现为 { date } { $time } { $service }，凭证码仍是 { $code }。
cancelled-text = { $hall }：{ date } { $time } 的预约（{ $service }）已取消。需要时可重新预约。
cancelled-by-hall-text = { $hall }：因大厅安排有变，{ date } { $time } 的预约（{ $service }）已取消，谨致歉意。请另选时间预约。
cancelled-closed-text = { $hall }：今天的办理已提前结束，您 { date } { $time } 的预约（{ $service }）已取消，谨致歉意。请另选时间预约。
day-before-text = { $hall }：提醒您，预约时间是 { date } { $time }，{ $service }，凭证码 { $code }。
hour-before-text = { $hall }：提醒您，{ date } { $time } 办理 { $service }，现在就可以签到，凭证码 { $code }。
hour-before-doors-text = { $hall }：提醒您，{ date } { $time } 办理 { $service }，{ $doors } 起可以签到，凭证码 { $code }。
near-text = { $hall }：{ $number } 前面还有 { $ahead } 位，请回到等候区，留意叫号。
missed-text = { $hall }：{ date } { $time } 的预约（{ $service }）已过时。今天仍可到场取号，也可重新预约。
missed-closed-text = { $hall }：{ date } { $time } 的预约（{ $service }）已过时，大厅已停止办理，谨致歉意。请另选时间预约。
missed-over-text = { $hall }：{ date } { $time } 的预约（{ $service }）已过时，当天不再发号。请另选时间预约。
closed-text = { $hall }：您预约的 { date } { $time }（{ $service }）大厅不开放，谨致歉意。请另选时间。

## 邮件的其余部分

mail-greeting = { $name }，您好：
mail-greeting-unnamed = 您好：
mail-count = 人数：{ $count }
mail-papers = 请带：{ $papers }
mail-papers-separator = 、
mail-appointment = 查看、改期或取消：{ $link }
mail-other-time = 另选时间：{ $link }
mail-ticket = 查看排队进度：{ $link }
mail-again = 重新预约：{ $link }
mail-automatic = 本邮件由系统自动发出，不接收回复。

## 日历

calendar-summary = { $service } · { $hall }
calendar-about = 凭证码 { $code }。
