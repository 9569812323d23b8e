/** Whole configurations of FortiOS for tests, written for them: a backup, and a full configuration. */

/** A branch: two lines to the internet by SD-WAN, a zone, a published server. */
export const BRANCH = `#config-version=FGT60F-7.2.5-FW-build1517-230606:opmode=0:vdom=0:user=admin
#conf_file_ver=184467440737
#buildno=1517
#global_vdom=1
config system global
    set alias "FortiGate-60F"
    set hostname "branch-7"
    set timezone 26
end
config system accprofile
    edit "prof_admin"
        set secfabgrp read-write
    next
end
config system interface
    edit "wan1"
        set vdom "root"
        set ip 203.0.113.2 255.255.255.248
        set allowaccess ping https
        set type physical
        set role wan
        config ipv6
            set ip6-address 2001:db8:ff::2/64
        end
    next
    edit "wan2"
        set vdom "root"
        set mode dhcp
    next
    edit "office"
        set vdom "root"
        set ip 10.7.1.1 255.255.255.0
        set interface "internal"
        set vlanid 10
    next
    edit "voice"
        set vdom "root"
        set ip 10.7.2.1 255.255.255.0
        set interface "internal"
        set vlanid 20
    next
    edit "guest"
        set ip 10.7.9.1 255.255.255.0
        set security-mode captive-portal
    next
    edit "dmz"
        set ip 10.7.5.1 255.255.255.0
    next
end
config system replacemsg http "url-block"
    set buffer "<html>
<body>config firewall policy
end
It's \\"blocked\\".</body>
</html>"
    set header http
end
config system zone
    edit "lan"
        set interface "office" "voice"
        set intrazone allow
    next
end
config system sdwan
    set status enable
    config zone
        edit "virtual-wan-link"
        next
        edit "backup"
        next
    end
    config members
        edit 1
            set interface "wan1"
            set gateway 203.0.113.1
        next
        edit 2
            set interface "wan2"
            set zone "backup"
        next
    end
    config health-check
        edit "dns"
            set server "192.0.2.53"
            set members 1 2
        next
    end
end
config vpn certificate local
    edit "branch"
        set private-key "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQI
-----END ENCRYPTED PRIVATE KEY-----
"
    next
end
config system settings
    set gui-advanced-policy enable
    set tcp-session-without-syn enable
end
config firewall address
    edit "none"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000001
        set subnet 0.0.0.0 255.255.255.255
    next
    edit "all"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000002
    next
    edit "login.example.net"
        set type fqdn
        set fqdn "login.example.net"
    next
    edit "FCTEMS_ALL_FORTICLOUD_SERVERS"
        set type dynamic
        set sub-type ems-tag
    next
    edit "elsewhere"
        set type geography
        set country "ZZ"
    next
    edit "office net"
        set associated-interface "lan"
        set comment "everybody
on both floors"
        set subnet 10.7.1.0 255.255.255.0
        config tagging
            edit "default"
                set category "default"
                set tags "floor"
            next
        end
    next
    edit "phones"
        set type iprange
        set start-ip 10.7.2.10
        set end-ip 10.7.2.99
    next
    edit "printer"
        set subnet 10.7.1.200/32
    next
    edit "last octets"
        set type wildcard
        set wildcard 10.200.0.1 255.255.0.255
    next
end
config firewall address6
    edit "all"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000003
    next
    edit "office6"
        set ip6 2001:db8:7:1::/64
    next
end
config firewall addrgrp
    edit "people"
        set member "office net" "phones"
        set exclude enable
        set exclude-member "printer"
    next
    edit "cloud"
        set member "login.example.net"
    next
end
config firewall wildcard-fqdn custom
    edit "updates"
        set wildcard-fqdn "*.example.net"
    next
end
config firewall service category
    edit "General"
        set comment "General services."
    next
end
config firewall service custom
    edit "ALL"
        set category "General"
        set protocol IP
    next
    edit "DNS"
        set category "Network Services"
        set tcp-portrange 53
        set udp-portrange 53
    next
    edit "RTP"
        set udp-portrange 16384-32767
        set color 3
    next
    edit "webproxy"
        set proxy enable
        set protocol ALL
        set tcp-portrange 0-65535:0-65535
    next
end
config firewall service group
    edit "Web Access"
        set member "DNS" "HTTP" "HTTPS"
    next
end
config firewall vip
    edit "shop"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000004
        set extip 203.0.113.3
        set mappedip "10.7.5.10"
        set extintf "wan1"
        set portforward enable
        set extport 443
        set mappedport 8443
    next
    edit "mail"
        set extip 203.0.113.4-203.0.113.5
        set mappedip "10.7.5.20-10.7.5.21"
        set extintf "any"
    next
end
config firewall schedule recurring
    edit "always"
        set day sunday monday tuesday wednesday thursday friday saturday
    next
    edit "none"
    next
    edit "worktime"
        set start 08:00
        set end 18:00
        set day monday tuesday wednesday thursday friday
    next
end
config firewall local-in-policy
    edit 1
        set intf "wan1"
        set srcaddr "elsewhere"
        set dstaddr "all"
        set service "ALL"
        set schedule "always"
    next
end
config firewall DoS-policy
    edit 1
        set interface "wan1"
        config anomaly
            edit "tcp_syn_flood"
                set status enable
            next
        end
    next
end
config firewall policy
    edit 4
        set name "no entry"
        set srcintf "virtual-wan-link"
        set dstintf "any"
        set srcaddr "last octets"
        set dstaddr "all"
        set schedule "always"
        set service "ALL"
        set logtraffic all
    next
    edit 1
        set name "out"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000005
        set srcintf "lan"
        set dstintf "virtual-wan-link" "backup"
        set action accept
        set srcaddr "people"
        set dstaddr "all"
        set srcaddr6 "office6"
        set dstaddr6 "all"
        set schedule "always"
        set service "Web Access" "PING"
        set utm-status enable
        set ssl-ssh-profile "certificate-inspection"
        set ips-sensor "default"
        set nat enable
        set ippool enable
        set poolname "pool" "pool2"
    next
    edit 2
        set name "shop in"
        set srcintf "virtual-wan-link"
        set dstintf "dmz"
        set action accept
        set srcaddr "all"
        set dstaddr "shop" "mail"
        set schedule "always"
        set service "SMTP" "ALL_TCP"
        set logtraffic all
    next
    edit 3
        set name "guests"
        set srcintf "guest"
        set dstintf "virtual-wan-link"
        set action accept
        set srcaddr "all"
        set dstaddr "people"
        set dstaddr-negate enable
        set schedule "always"
        set service "RTP" "SSH"
        set service-negate enable
        set nat enable
    next
    edit 5
        set status disable
        set srcintf "guest"
        set dstintf "lan"
        set action accept
        set srcaddr "elsewhere"
        set dstaddr "cloud"
        set schedule "worktime"
        set service "ALL"
        set groups "staff"
    next
    edit 6
        set srcintf "voice"
        set dstintf "office"
        set srcaddr "all"
        set dstaddr "printer"
        set schedule "always"
        set service "ALL"
        set send-deny-packet enable
    next
end
config router static
    edit 1
        set distance 1
        set sdwan-zone "virtual-wan-link"
    next
end
config log syslogd setting
    set status enable
end
`;

/** What `show full-configuration` prints: every setting, and those that are not set. */
export const FULL = `fw-2 (root) # show full-configuration
config system interface
    edit "port1"
        set vdom "root"
        set security-mode none
    next
end
config system settings
    set ngfw-mode profile-based
    set asymroute disable
    set central-nat disable
end
config firewall address
    edit "servers"
        set type ipmask
        set comment ''
        set visibility enable
        set associated-interface ''
        set color 0
        set allow-routing disable
        set fabric-object disable
        set subnet 10.0.5.0 255.255.255.0
    next
    edit "site"
        set type interface-subnet
        set subnet 10.0.6.0 255.255.255.0
        set interface "port2"
    next
end
config firewall service custom
    edit "HTTPS"
        set proxy disable
        set category "Web Access"
        set protocol TCP/UDP/SCTP
        set helper auto
        set iprange 0.0.0.0
        set fqdn ''
        set tcp-portrange 443
        unset udp-portrange
        unset sctp-portrange
        set tcp-halfclose-timer 0
        set check-reset-range default
        set session-ttl 0
        set app-service-type disable
        set visibility enable
    next
    edit "PING"
        set protocol ICMP
        set icmptype 8
        unset icmpcode
    next
end
config firewall DoS-policy
end
config firewall ipmacbinding setting
    set bindthroughfw disable
    set bindtofw disable
    set undefinedhost block
end
config firewall policy
    edit 12
        set status enable
        set name "web"
        set uuid 5d2e6e0a-0000-51ee-0000-000000000006
        set srcintf "port1"
        set dstintf "port2"
        set action accept
        set nat64 disable
        set nat46 disable
        set ztna-status disable
        set srcaddr "all"
        set dstaddr "servers" "site"
        unset srcaddr6
        unset dstaddr6
        set internet-service disable
        set internet-service-src disable
        unset reputation-minimum
        set rtp-nat disable
        set schedule "always"
        set schedule-timeout disable
        set policy-expiry disable
        set service "HTTPS" "PING"
        set tos-mask 0x00
        set anti-replay enable
        set utm-status disable
        set profile-protocol-options "default"
        set ssl-ssh-profile "no-inspection"
        set logtraffic utm
        set logtraffic-start disable
        set auto-asic-offload enable
        set webproxy-forward-server ''
        set nat disable
        set session-ttl 0
        unset vlan-filter
        unset groups
        unset users
        set fsso disable
        set disclaimer disable
        set natip 0.0.0.0 0.0.0.0
        set comments ''
        set srcaddr-negate disable
        set dstaddr-negate disable
        set service-negate disable
        set tcp-session-without-syn disable
    next
end
fw-2 (root) #
`;
