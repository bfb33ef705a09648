### 自助取号机的用语；两种语言同时显示。

## 起始页

start-booked = 已预约？请扫码签到
start-also = 材料补交、暂缓返回也在此扫码
start-type = 输入 8 位凭证码
start-film = 用摄像头扫码
start-no-check-in = 网络已断开，恢复后即可签到；急需请找工作人员
start-walk-in = 没有预约？请选事项取号
start-invited = 请选择您要办理的事项
start-promise = 按一次，只取一个号。网络不畅时也能取号，次序不变。
people = 同来人数
people-fewer = 少一人
people-more = 多一人
service-waiting = { $count } 人等候
service-count = 每个号最多 { $most } 人
service-online = 手机即可办，今天不用排队
service-online-qr = 扫码在网上办理
wait = 预计等候
wait-unknown = 暂时无法预计
wait-standby = 今天只能候补
wait-full = 今天已排满
wait-late = 今天不一定轮到
minutes = 分钟

## 输入凭证码、扫码

code-title = 请输入 8 位凭证码
code-about = 预约短信、邮件或小票上的凭证码
code-label = 8 位凭证码
code-send = 签到
code-back = 删一位
camera-title = 请把二维码对准摄像头
leave = 返回

## 正在确认

checking-title = 正在确认，请勿离开
checking-about = 不会重复取号
checking-slow = 网络较慢，请稍候；不会重复取号

## 号码

ticket-title = 您的号码
ticket-resumed = 欢迎回来，不用重新排队
ticket-ahead = 前面 { $count } 人
ticket-standby = 今天的号已排满，您在候补；有空档即叫号
ticket-offline = 网络已断开，您的号码有效，次序按取号时间计
ticket-stage = 先到：{ $stage }
ticket-go = 请在大厅等候，屏幕和广播会叫您的号码
heard-number = 您的号码是 { $number }，{ $service }。{ $about }
heard-wait = 前面 { $count } 人，预计等候 { $from } 至 { $to } 分钟
ticket-qr = 扫码在手机上看进度
paper-photo = 小票没有打出来。请记下号码，或拍下二维码
paper-told = 小票没有打出来。请记下号码，或拍下二维码；已通知工作人员
paper-here = 请取小票
print-again = 再打一张
no-slip = 没有出纸
done = 好了
countdown = { $seconds } 秒后回到起始页
slip-people = 共 { $count } 人
slip-taken = 取号时间 { $time }
slip-offline = 网络断开时取号，号码有效
slip-code = 签到、返回时用的凭证码

## 未能办理：先说事实，再说怎么办

back-to-start = 回到起始页
refused-cut = 网络已断开，暂时不能签到
refused-cut-about = 您的预约仍然有效。请找工作人员，或稍候再扫一次
refused-used-up = 网络已断开，备用的号码已经发完
refused-used-up-about = 请找工作人员，或稍候再按一次
refused-camera = 摄像头现在不能用
refused-camera-about = 请用扫码枪，或输入 8 位凭证码
refused-hall-closed = 现在不在取号时间内
refused-hall-closed-about = { $when } 开始
refused-hall-closed-none-about = 近期的开放时间请看大厅公告
refused-hall-full = 今天已无法在闭馆前办理
refused-hall-full-about = 最早可约 { $slot }
refused-hall-full-none-about = 请用手机预约其他日子，或咨询工作人员
refused-hall-suspended = 大厅暂停办理
refused-hall-suspended-about = 恢复后即可取号，已取的号码仍然有效
refused-online-only = 网上即可办理，无需到场
refused-online-only-about = 扫码在手机上办理
refused-code-used = 这个凭证码已经用过了
refused-code-used-about = 如果您的号码不在手边，请找工作人员查询
refused-code-not-found = 没有找到这个凭证码
refused-code-not-found-about = 请对照短信或小票再输一次
refused-too-early = 还没到签到时间
refused-too-early-about = { $when } 起可以签到
refused-wrong-day = 这个凭证码不是今天的
refused-wrong-day-about = 日期是 { $day }
refused-appointment-missed = 预约的时间已过
refused-appointment-missed-about = 请取一个号，或用手机重新预约
refused-appointment-not-found = 没有找到这个预约
refused-appointment-not-found-about = 请对照短信再看一看，或咨询工作人员
refused-hold-expired = 这个名额没有在时限内确认
refused-hold-expired-about = 请取一个号，或用手机重新预约
refused-wrong-state = 这个凭证码现在不能签到
refused-wrong-state-about = 请找工作人员查询
refused-service-not-found = 这个事项今天不办
refused-service-not-found-about = 请选其他事项，或咨询工作人员
refused-busy = 现在取号的人很多，这一次没有取到
refused-busy-about = 请再按一次
refused-storage-unavailable = 暂时无法取号，这一次没有取到
refused-storage-unavailable-about = 请再按一次
refused-rate-limited = 这一次没有取到
refused-rate-limited-about = 请过一会儿再按
refused-other = 这一次没有办成
refused-other-about = 请再试一次，或找工作人员

## 下方按钮

foot-larger = 大字
foot-contrast = 高对比
foot-lower = 按钮放低
foot-help = 请人帮忙
foot-helped = 已通知，请稍候
foot-unhelped = 没有通知到，请直接找工作人员

## 状态与设置

band-cut = 网络已断开，仍可取号，号码有效；恢复后自动登记
band-trouble = 工作人员请注意：{ $numbers } 没能登记
link-live = 已连接
link-connecting = 正在连接
link-cut = 网络已断开
settings = 设置
settings-title = 自助机设置
settings-slip = 小票
settings-none = 不打印，只在屏幕上显示
settings-58 = 本机打印，纸宽 58 毫米
settings-80 = 本机打印，纸宽 80 毫米
settings-network = 网络打印机
settings-paper-in = 纸已装好
settings-stock = 备用号码 { $left } 个，待登记 { $untold } 个

## 启用

setup-connecting = 正在连接大厅
setup-about-connecting = 请稍候
setup-no-key = 这台自助机还没有启用
setup-about-no-key = 请管理者在“人员与设备”里新增自助机，并用给出的密钥打开本页一次：地址后面加 #key= 和密钥
setup-key-over = 这台自助机的密钥已失效
setup-about-key-over = 请管理者新增一个自助机密钥，再打开本页一次
setup-other-key = 这个密钥不是本大厅自助机的
setup-about-other-key = 请管理者用“自助机”角色新增密钥，再打开本页一次
