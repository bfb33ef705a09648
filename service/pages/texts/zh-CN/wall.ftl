### 张贴在大厅里的叫号规则。

wall-title = 叫号规则
wall-from = 由本大厅实际运行的设置生成：这里写的就是系统做的。
print = 打印这一页
hours = 开放时间：{ $hours }
hours-join = ；
day-join = 、
every-day = 每天
rule-order = 先到先叫：在窗口能办的人里，先到的先叫。
rule-appointment = 预约相当于比约定时间早到 { $minutes } 分钟。约 10:00 的，排在 { $from } 以后到场、没有预约的人之前。
rule-early = 约定时间前 { $check } 分钟起可以签到；前 { $early } 分钟起叫号，窗口空闲时更早。
rule-late = 晚到 { $grace } 分钟以内，预约照算；晚到 { $missed } 分钟以内，预约保留，按到场先后叫号；再晚，预约作废。
rule-green = 绿色通道供有急需的人使用，相当于早到 { $minutes } 分钟。请找工作人员。
rule-returning = 缺材料或当天没有轮到：{ $days } 天内回来扫小票，相当于早到 { $minutes } 分钟，不用重新排队。
rule-back = 叫到时不在：{ $minutes } 分钟内回来扫小票，相当于 { $penalty } 分钟前到场；原来的位置更靠后的，按原来的位置。
rule-doors = 开门前 { $minutes } 分钟起发号；开门起叫号。
rule-standby = 今天排满后可以候补，有空档即叫号。
rule-reason = 每次叫号，系统都记下为什么叫这个号。您可以问，工作人员可以给您看。
