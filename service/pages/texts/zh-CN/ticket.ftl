### 手机上自己的号码。

ticket-title = 我的号码
unknown-title = 没有找到这个号码
unknown-about = 请打开完整的链接，或再扫一次小票。
unreported-title = 号码有效，正在等自助机联网登记
unreported-about = 取号时网络断开；恢复后自动登记，次序按取号时间计。请留意大厅的屏幕和广播，本页会自动更新。
to-halls = 看各大厅
live-now = 实时
stale = 网络已断开，以下为 { $time } 的信息；您的号码仍然有效
counter = 窗口
minutes = 分钟
list-join = 、
suspended = 业务暂停办理，请听从工作人员指引。
suspended-until = 预计 { $time } 恢复办理
suspended-kept = 您的号码仍然有效，位置保留。恢复办理后，轮到您时这里会提醒。
title-suspended = { $number } 暂停办理

## 等候

title-ahead = { $number } 前面 { $ahead } 人
taken-at = { $time } 取号，可在附近等候
ahead = 前面
ahead-people = { $count ->
   *[other] 人
  }
wait-likely = 预计
wait-not-known = 暂时不清楚
wait-late = 今天不一定轮到
expect-before = 预计
expect-middle = 至
expect-by = 预计
expect-by-after = {" "}前叫到您。有变化会更新，快到您时会提醒。
expect-after = {" "}叫到您。有变化会更新，快到您时会提醒。
late-from = 预计 { $time } 以后叫到您。
late-about = 今天叫号到 { $time } 为止。到时没有轮到的，{ $days } 天内回来扫这个码，相当于早到 { $minutes } 分钟。
late-last-day = 今天叫号到 { $time } 为止，之后本大厅不再办理这个事项。
wait-news = 现在预计等候 { $from } 至 { $to } 分钟
calls-begin = { $time } 开始叫号。
being-called = 正在叫号
missing = 缺{ $papers }
sound-off = 声音未开
sound-on = 开启
more-time = 我需要多一点时间
show-code = 出示凭证码
leave = 不办了，离开

## 下一位、叫到

next-title = 下一位就是您
next-about = 请到等候区就坐，留意叫号
next-hint = 叫到您时，这里显示窗口号，手机响铃、振动。
take-out = 请拿出
not-here-yet = 我还没到，请先叫后面的人
called = 请 { $number } 到 { $place }
called-title = 叫到您了
called-again = 再次呼叫
please-go-to = 请到
serving-title = 正在办理：{ $place }

## 晚一点

more-title = 需要多少时间？
more-about = 这段时间先叫后面的人，您的位置会保留。
more-choice = { $minutes } 分钟，到 { $time }
put-off-title = { $time } 之后再叫您
put-off-about = 位置为您保留。到时间后，轮到您就叫。
call-me-now = 我到了，随时可以叫我
leave-title = 离开队列？
stay = 继续等候
close = 关闭
leave-about = { $number } 和您的位置都不再保留。
code-title = 您的凭证码
code-about = 在自助机或窗口扫码，或输入凭证码。
refused-entrance = 用手机回到队列，请先扫大厅门口屏幕上的二维码。

## 候补、暂缓、过号

title-standby = { $number } 候补
standby-title = 候补
standby-about = 今天的号已排满，您在候补。
standby-place = 今天的号已排满，您在候补第 { $place } 位。
standby-hint = 有空档即叫号。也可约其他日子。
book-instead = 约其他日子
title-parked = { $number } 暂缓
parked-title = 暂缓
parked-about = 补齐后扫码，或点下面的按钮，不用重新排队。
i-am-back = 我回来了
title-passed = { $number } 已过号
passed-title = 已过号
passed-back = { $number } 已过号。{ $time } 前回来，扫码或点下面的按钮即可继续
passed-over = { $number } 已过号，请重新取号
take-another = 重新取号

## 结束

left-title = 您已离开队列
left-about = 谢谢您告诉我们，后面的人可以早一点。
unserved-title = 当天没有轮到
unserved-about = 大厅已关闭。请在 { $day }前回来扫这个码，相当于早到 { $minutes } 分钟。
done-title = 已办完
done-at = { $time }
referred-title = 已转办
conditional-title = { $count ->
    [0] 已受理，还有手续待补
    [1] 已受理，缺一项
   *[other] 已受理，缺 { $count } 项
  }
conditional-about = { $count ->
    [0] 还缺什么，窗口已告诉您。补齐后扫这个码，不用重新排队。
   *[other] 补齐后扫这个码，不用重新排队。
  }
conditional-until = 请在 { $day }前补齐
returned-at = 您已于 { $day } { $time } 凭这个码返回取号，请以新号码为准
return-last-day = 本大厅今天之后不再办理这个事项。
return-gone = 本大厅已不再办理这个事项，不能凭这个码返回。怎样继续办理，请咨询工作人员。
return-online = 这个事项现在网上即可办理，无需到场。
return-online-go = 去网上办理
return-over = 凭这个码返回的期限（{ $day }）已过，请重新取号

## 评价

rate-title = 这次办事怎么样？
rate-why = 因为什么？
rate-hint = 不记姓名。
rate-send = 提交评价
rate-first = 请先选择满意程度
grade-5 = 非常满意
grade-4 = 满意
grade-3 = 基本满意
grade-2 = 不满意
grade-1 = 非常不满意
rated-title = 谢谢您
rated-about = 评价已记下，不记姓名。
