security-signin = 登录
security-login = 用户名
security-password = 密码
security-signin-note = 说明
security-signin-wrong = 用户名或密码不对。请检查大小写后再试。
security-signin-locked = 尝试次数过多。请在 { $minutes } 分钟后再试,或联系本单位系统管理员。
security-signin-forgotten = 忘记密码时,请联系本单位系统管理员重新设置。

security-account = 我的账号
security-account-lead = { $display }(用户名 { $login })
security-posts = 岗位
security-no-post = 这个账号目前没有岗位。请联系本单位系统管理员授予岗位。
security-post-current = 当前
security-post-open = 长期
security-post-until = 至 { $day } 前有效
security-post-switch = 切换到这个岗位

security-sessions = 登录中的设备
security-session-created = 登录时间
security-session-seen = 最近使用
security-session-address = 地址
security-session-agent = 浏览器
security-session-end = 退出
security-session-this = 本设备

security-password-change = 修改密码
security-password-present = 现密码
security-password-wanted = 新密码
security-password-again = 再次输入新密码
security-password-rule = 至少 10 个字符,包含大写字母、小写字母、数字、其他符号中的三种;满 20 个字符的短语不限种类。
security-password-differs = 两次输入的新密码不一样
security-password-wrong = 现密码不对,或尝试次数过多
security-password-done = 密码已修改,其他设备已退出登录。

security-password-fault-short = 至少 10 个字符
security-password-fault-long = 最多 128 个字符
security-password-fault-plain = 请包含大写字母、小写字母、数字、其他符号中的三种
security-password-fault-name = 密码里不能有用户名
security-password-fault-common = 这个密码太常见,容易被猜到,请换一个

security-not-found-title = 没有这个页面或记录
security-not-found = 地址可能有误,或者不在您的岗位范围内。请从导航重新进入。
security-not-signed-in-title = 请先登录
security-not-signed-in = 登录已过期,请重新登录后再操作。
security-not-allowed-title = 当前岗位不能进行这项操作
security-not-allowed = 如果工作需要,请联系本单位系统管理员授予岗位,或切换到您的另一个岗位。
security-form-expired-title = 页面已过期
security-form-expired = 没有写入任何内容。请返回上一页,刷新后重新提交。
security-form-too-large-title = 提交的内容太大
security-form-too-large = 没有写入任何内容。请减少内容后重新提交;成批数据请使用“入库”上传文件。
security-failed-title = 暂时无法处理
security-failed = 没有写入任何内容。请稍后再试;仍不行时请把下面的代码告诉系统管理员。

# 统一身份认证
security-identities = 统一身份认证
security-identities-lead = 绑定后,可以用统一身份认证登录本账号。姓名、邮箱和手机号不会用来匹配账号。
security-identity-ways = 其他登录方式
security-identity-with = 用{ $service }登录
security-identity-scan = 可在打开的页面上扫码登录。
security-identity-left = 已退出本系统。
security-identity-leave = 同时退出{ $service }
security-identity-since = 已于 { $time } 绑定。
security-identity-link = 绑定
security-identity-unlink = 解除绑定
security-identity-linked = 已绑定。
security-identity-unlinked = 已解除绑定。
security-identity-go-on = 还差一步:到统一身份认证页面登录,以完成绑定。
security-identity-none = 本节点没有配置统一身份认证。
security-identity-unreachable = { $service }现在没有应答,请稍后再试,或用本系统的用户名和密码登录。
security-identity-unusable = { $service }的配置有误,请告知系统管理员;仍可用本系统的用户名和密码登录。
security-identity-token = { $service }返回的身份信息未通过核验,没有登录。请重试;如仍不行,请告知系统管理员。
security-identity-ended = 没有在{ $service }完成登录(已取消或被拒绝)。
security-identity-not-under-way = 本次登录已过期,或不是在这个浏览器里开始的。请重新点击登录。
security-identity-not-linked = 该身份还没有绑定本系统的账号。请先用本系统的用户名和密码登录,再绑定{ $service }。
security-identity-barred = 该身份绑定的账号已停用,请联系系统管理员。
security-identity-taken = 该身份已绑定其他账号,或该账号已绑定{ $service }的其他身份。请先解除原绑定。
